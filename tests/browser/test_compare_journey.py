"""Comparing networks in a real browser: two clips' worth of maps, one text in several tints, files, and a phone."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from models.explanation import Explanation
from tests.browser.server import serving
from tests.browser.test_journeys import PATIENCE, Journey
from tests.unit import compared


@pytest.fixture(scope="module")
def compared_app(tmp_path_factory):
    """The app over a folder of small untrained networks."""
    folder = compared.make(tmp_path_factory.mktemp("compared"), names=NAMES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_CHECKPOINTS", str(folder))
        with serving(tmp_path_factory.mktemp("compared-app") / "log.txt") as address:
            yield address


NAMES = ("bilstm-query", "bilstm-hops", "bilstm-last", "rcnn-attention", "label-attention", "rcnn-one-step")


@pytest.fixture
def journey(page, compared_app):
    journey = Journey(page, compared_app)
    yield journey
    assert journey.complaints == []
    assert journey.strangers == []


def compared_(journey):
    # Three networks build their graphs one after the other, on a busy computer.
    expect(journey.page.get_by_text("How far they agree")).to_be_visible(timeout=3 * PATIENCE)
    expect(journey.page.get_by_text("All networks, measured")).to_be_visible(timeout=PATIENCE)
    journey.settled()


def fits(page):
    main = page.locator("[data-testid=stMain]")
    return main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0


def test_stop_a_comparison_of_clips_start_another_and_take_it_along(journey):
    page = journey.page
    names = "&".join(f"checkpoint={name}" for name in NAMES[:3])
    journey.open(f"compare?of=speech&{names}&sample=two_moods.flac")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Stopped, as you asked.")).to_be_visible(timeout=PATIENCE)
    journey.settled()
    page.get_by_text("Flat", exact=True).click()
    compared_(journey)

    maps = page.locator(".js-plotly-plot").first
    expect(maps.locator(".heatmaplayer image")).to_have_count(2)  # the third network has no attention
    expect(maps.get_by_text("nothing to draw.")).to_be_visible()
    drawn = maps.locator(".heatmaplayer image").evaluate_all("images => images.map(i => i.getBoundingClientRect().x)")
    assert drawn[0] == pytest.approx(drawn[1], abs=1), "the maps start at one time"
    page.get_by_text("Relative", exact=True).click()
    expect(page.get_by_text(re.compile("^Relative: each row"))).to_be_visible(timeout=PATIENCE)
    journey.settled()
    expect(page).to_have_url(re.compile("scale=relative"))

    body = json.loads(journey.download("Everything (JSON)").read_text(encoding="utf-8"))
    kept = [Explanation.from_json(json.dumps(e)) for e in body["explanations"]]
    assert [e.provenance.checkpoint for e in kept] == list(NAMES[:3])
    assert [row["weights"] is None for row in body["rows"]] == [False, False, True]
    table = journey.download("Maps (CSV)").read_text(encoding="utf-8").splitlines()
    assert table[0] == "step,start_s,end_s,weight: Small bilstm-query,weight: Small bilstm-hops"
    assert len(table) == 1 + len(body["starts"])
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(800)
    assert fits(page)


def test_one_text_in_the_tints_of_three_networks(journey):
    page = journey.page
    names = "&".join(f"checkpoint={name}" for name in NAMES[3:])
    journey.open(f"compare?of=text&{names}&sample=wheat_exports.txt")
    compared_(journey)
    # A text that is no page: what looks like a tag is shown as typed.
    page.get_by_text("Paste or type", exact=True).click()
    page.get_by_label("Your text, up to 20,000 words").fill("<i>Wheat</i> rose\na lot 😀 today <script>x</script>")
    page.get_by_role("button", name="Compare", exact=True).click()
    columns = page.locator(".compare-column")
    expect(columns.first.locator(".compare-scroll")).to_contain_text("<i>Wheat</i> rose", timeout=PATIENCE)
    journey.settled()
    expect(columns).to_have_count(3)
    assert page.locator(".compare-scroll i, .compare-scroll script").count() == 0

    words = columns.nth(1).locator(".compare-token", has_text="Wheat")
    words.hover()
    expect(page.locator(".compare-marked")).to_have_count(3)
    said = page.locator(".compare-readout").inner_text()
    assert said.startswith("“Wheat” · Small rcnn-attention: ")
    assert said.endswith("Small rcnn-one-step: 1.00× the even share")
    tints = (
        columns.nth(2)
        .locator(".compare-token")
        .evaluate_all("tokens => [...new Set(tokens.map(t => getComputedStyle(t).backgroundColor))]")
    )
    assert len(tints) == 1, "an even map is one tint"

    before = columns.nth(0).locator(".compare-token").first.evaluate("t => getComputedStyle(t).backgroundColor")
    page.get_by_text("Relative", exact=True).click()
    expect(page.get_by_text(re.compile("^Relative: each row"))).to_be_visible(timeout=PATIENCE)
    journey.settled()
    after = columns.nth(0).locator(".compare-token").first.evaluate("t => getComputedStyle(t).backgroundColor")
    assert before != after
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(800)
    assert fits(page)
    first, second = columns.nth(0).bounding_box(), columns.nth(1).bounding_box()
    assert second["y"] >= first["y"] + first["height"], "on a phone the copies stand under each other"
