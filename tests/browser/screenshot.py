"""The picture of a report in the README: ``python -m tests.browser.screenshot REPORT.html sample_dicom/report.png``.

Its head, and the planes of the first failing lesion below it, as Chromium shows them on a light screen.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.install import find_chromium

WIDTH = 1440


def main(report: str, target: str) -> None:
    """Write the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        page = browser.new_context(viewport={"width": WIDTH, "height": 900}, color_scheme="light").new_page()
        page.goto(Path(report).resolve().as_uri())
        parts = [page.locator(place).first.screenshot() for place in ("header.strip", "#lesions", ".pictures")]
        browser.close()
    pictures = [Image.open(io.BytesIO(part)).convert("RGB") for part in parts]
    whole = Image.new("RGB", (WIDTH, sum(one.height + 12 for one in pictures)), "white")
    top = 0
    for one in pictures:
        whole.paste(one, ((WIDTH - one.width) // 2, top))
        top += one.height + 12
    whole = whole.resize((1080, round(whole.height * 1080 / WIDTH)), Image.Resampling.LANCZOS)
    palette = whole.quantize(256, Image.Quantize.MAXCOVERAGE)
    whole.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(target, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
