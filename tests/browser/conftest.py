"""A real browser for pages: headless Chromium, driven by Playwright, without any network."""

from __future__ import annotations

import os

import pytest

from tests.browser.install import find_chromium, install

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


class Visit:
    """A page opened from a file, with everything that went wrong on it."""

    def __init__(self, page):
        self.page = page
        self.faults, self.requests, self.failed = [], [], []
        page.on("console", lambda message: message.type in ("error", "warning") and self.faults.append(message.text))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", lambda request: self.failed.append((request.url, request.failure)))
        page.add_init_script(
            "window.refused = []; document.addEventListener('securitypolicyviolation', e => window.refused.push("
            "e.violatedDirective + ' ' + e.blockedURI));"
        )

    def go(self, path):
        self.page.goto(path.as_uri())
        return self


@pytest.fixture(scope="module")
def chromium():
    """A running browser; tests are skipped where there is none, but CI installs one and fails without."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = find_chromium() or (install() if os.environ.get("CI") else None)
    if path is None:
        assert not os.environ.get("CI"), "no Chromium could be installed, and CI runs the browser tests"
        pytest.skip("no Chromium here: python -m tests.browser.install")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Open pages: ``visit(path, width=..., dark=..., scripts=...)``."""
    contexts = []

    def opened(path, *, width=1440, dark=False, scripts=True):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light",
            java_script_enabled=scripts, offline=True,
        )  # fmt: skip
        contexts.append(context)
        return Visit(context.new_page()).go(path)

    yield opened
    for context in contexts:
        context.close()
