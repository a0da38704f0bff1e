"""Takes the README's screenshots of the real app: `python assets/screenshots/take.py`, from the project's root."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

from tests.browser.conftest import FLAGS, chromium  # noqa: E402
from tests.browser.server import serving  # noqa: E402

PATIENCE = 240_000  # milliseconds
# Name, path, what is there once the page is complete, width, height, colours.
PICTURES = (
    ("speech", "?sample=two_moods.flac", ".player-canvas", 1440, 1130, "light"),
    ("text", "text?checkpoint=reuters&sample=wheat_exports.txt", ".reader-token", 1440, 1130, "light"),
    ("checkpoints", "checkpoints", ".slider-group", 1440, 1130, "light"),
    ("phone", "?sample=two_moods.flac", ".player-canvas", 390, 1130, "dark"),
)


def main():
    with sync_playwright() as playwright, serving(Path(tempfile.mkdtemp()) / "log.txt") as address:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for name, path, complete, width, height, colours in PICTURES:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=colours)
            page.goto(f"{address}/{path}")
            expect(page.locator(complete).first).to_be_visible(timeout=PATIENCE)
            expect(page.locator("[data-test-script-state=notRunning]").first).to_be_visible(timeout=PATIENCE)
            page.wait_for_timeout(3000)
            page.screenshot(path=FOLDER / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
