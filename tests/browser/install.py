"""Get a Chromium for the browser tests: ``python -m tests.browser.install``.

One that is there is taken (``RTCHECK_CHROMIUM`` names another). Else the system's package manager is asked where that
needs no password, then Playwright's own download. The tests say why they are skipped where none of it works.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

__all__ = ["find_chromium", "install"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    named = os.environ.get("RTCHECK_CHROMIUM")
    if named:
        return named
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found:
        return found
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if os.path.exists(own) else None


def install() -> str | None:
    """Install a Chromium where there is none; return its path, or None when that is not possible here.

    Of several processes that ask at once, one installs and the others wait.
    """
    with Path(tempfile.gettempdir(), "rtcheck-chromium.lock").open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := find_chromium()) is not None:
            return found
        if shutil.which("apt-get") and os.geteuid() == 0:
            quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
            subprocess.run(["apt-get", "update", "-q"], check=False, **quiet)
            subprocess.run(["apt-get", "install", "-yq", "--no-install-recommends", "chromium"], check=False, **quiet)
        if find_chromium() is None:
            subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, timeout=600)
        return find_chromium()


if __name__ == "__main__":
    path = install()
    print(path or "no Chromium could be installed; install one and set RTCHECK_CHROMIUM", file=sys.stderr)
    sys.exit(path is None)
