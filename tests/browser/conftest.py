"""A real Chromium for the browser tests. Where there is none they fail: a skipped test proves nothing."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.server import serving

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)

# A busy computer takes its time; what holds is found as soon as it holds.
expect.set_options(timeout=60_000)


def chromium() -> str:
    """Where this computer's Chromium is."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    path = next((path for path in found if path), None)
    assert path, "The browser tests need Chromium. `make test` installs it; or install it yourself and run again."
    return path


@pytest.fixture(scope="session")
def browser():
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The address of the running app, one for all tests; its log must not hold a traceback."""
    with serving(tmp_path_factory.mktemp("app") / "log.txt") as address:
        yield address
