"""The journey of a doubter, in a real browser: the verdict under a clip and a text, its panel, and stopping it."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from components.trust_wording import LOOKS
from tests.browser.test_journeys import PATIENCE, Journey

JUDGEMENT = re.compile("|".join(f"{word}$" for word, _, _ in LOOKS.values()))


@pytest.fixture
def journey(page, app):
    journey = Journey(page, app)
    yield journey
    assert journey.complaints == []
    assert journey.strangers == []


def judged(journey):
    """Wait for the verdict; gives the section's sentence with the figures."""
    page = journey.page
    expect(page.get_by_text("Does this map deserve belief?")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("[data-testid=stMarkdownContainer]", has_text=JUDGEMENT).first).to_be_visible(timeout=PATIENCE)
    journey.settled()
    sentence = page.get_by_text(re.compile(r"\(n = \d+\)|There are too few|The network gives .* only"))
    return sentence.first.inner_text()


def test_a_clip_is_judged_under_its_map_and_the_panel_opens(journey):
    page = journey.page
    journey.open("?sample=flat.flac")
    # The map does not wait for the tests.
    expect(page.locator(".player-canvas")).to_be_visible(timeout=PATIENCE)
    judged(journey)
    page.get_by_text("The tests behind this sentence").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    page.get_by_role("tab", name="Is it needed?").click()
    expect(page.get_by_text("Is it these weights that make the answer?")).to_be_visible()
    main = page.locator("[data-testid=stMain]")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0
    body = json.loads(journey.download("Tests (JSON)").read_text(encoding="utf-8"))
    assert body["format"] == "earmark-trust" and body["modality"] == "speech"


def test_every_label_of_a_text_can_be_put_to_the_test(journey):
    page = journey.page
    journey.open("text?checkpoint=goemotions&sample=joy.txt")
    journey.shown("joy.txt")
    first = judged(journey)
    box = page.get_by_role("combobox", name="Label under test")
    # Scrolling closes the list of a box, so the page has to be there first.
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box.click()
    # The reader's own list of labels has options, too, without brackets.
    other = page.get_by_role("option", name=re.compile(r"^\w+ \([<>]?\d\.\d\d\)$")).nth(1)
    name = other.inner_text().split(" (")[0]
    assert name not in first
    other.click()
    about_it = re.compile(rf"(probability of|The network gives) {re.escape(name)} ")
    expect(page.get_by_text(about_it).first).to_be_visible(timeout=PATIENCE)
    assert name in judged(journey)


def test_a_long_text_is_tested_when_asked_and_the_tests_can_be_stopped(journey):
    page = journey.page
    journey.open("text?checkpoint=goemotions&sample=joy.txt")
    journey.shown("joy.txt")
    journey.source("Upload")
    journey.upload("long.txt", b"a word or two, " * 700)
    journey.shown("long.txt")
    expect(page.get_by_text("This is a long text: testing it takes about")).to_be_visible()
    page.get_by_role("button", name="Test this map").click()
    page.get_by_role("button", name="Cancel").click(timeout=PATIENCE)
    expect(page.get_by_text("The tests were stopped, as you asked.")).to_be_visible(timeout=PATIENCE)
    journey.settled()
    expect(page.locator(".reader-token").first).to_be_visible()
