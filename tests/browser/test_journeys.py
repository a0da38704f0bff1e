"""Whole journeys through the running app, in a real browser, as a visitor makes them."""

from __future__ import annotations

import io
import json
import re
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from models.explanation import Explanation
from tests.browser.server import serving

PATIENCE = 240_000  # milliseconds
# Pixels left and right of the time axis in a wide picture; see figureLayout in components/player/figure.js.
GUTTER, RIGHT = 52, 12


class Journey:
    """One visitor's browser tab, and everything that it asked for, sent and complained about."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.complaints, self.strangers, self.sent = [], [], []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._said)
        page.on("request", self._requested)
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: self.sent.append(frame)))

    def _said(self, message):
        # On a direct link to /text Streamlit first looks for its server at /text/_stcore, as a proxy might have it.
        looked_for = re.search(r"/\w+/_stcore/(health|host-config)$", message.location.get("url", ""))
        if message.type == "error" and not looked_for:
            self.complaints.append(f"{message.text} {message.location}")

    def _requested(self, request):
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "file") and parts.hostname != "localhost":
            self.strangers.append(request.url)

    def open(self, path=""):
        self.page.goto(f"{self.address}/{path}")
        expect(self.page.locator("h1")).to_be_visible(timeout=PATIENCE)

    def settled(self):
        """Wait until the app has nothing more to do."""
        expect(self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible(
            timeout=PATIENCE
        )
        expect(self.page.locator("[data-testid=stSpinner]")).to_have_count(0, timeout=PATIENCE)

    def source(self, name):
        self.page.locator("[data-testid=stButtonGroup]").get_by_text(name, exact=True).click()

    def upload(self, name, data):
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        # The page's own box: a result may bring others, as that for a clip's syllables.
        self.page.locator(".st-key-speech-file, .st-key-text-file, .st-key-saved-file").locator(
            "input[type=file]"
        ).set_input_files(file)

    def shown(self, name):
        """Wait until the result on the page is that of the input of that name."""
        expect(self.page.get_by_text(re.compile(rf"^{re.escape(name)} · checkpoint"))).to_be_visible(timeout=PATIENCE)
        self.settled()

    def download(self, label):
        with self.page.expect_download(timeout=PATIENCE) as found:
            self.page.get_by_role("button", name=label).click()
        return found.value.path()


@pytest.fixture
def journey(page, app):
    journey = Journey(page, app)
    yield journey
    assert journey.complaints == []
    assert journey.strangers == []


def clock(page):
    return float(page.locator(".player-part", has_text="Playhead").locator(".player-now").inner_text().split()[0])


def point(page, share):
    canvas = page.locator(".player-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return box["x"] + GUTTER + share * (box["width"] - GUTTER - RIGHT), box["y"] + 150


def select(page, a, b):
    page.mouse.move(*point(page, a))
    page.mouse.down()
    page.mouse.move(*point(page, (a + b) / 2), steps=3)
    page.mouse.move(*point(page, b), steps=3)
    page.mouse.up()


def probabilities(page):
    """What the list of labels says of each label: "0.62", or "0.62 → 0.11"."""
    text = "row => ['.prob-word', '.prob-value'].map(part => row.querySelector(part).innerText)"
    return dict(page.locator(".prob-row").evaluate_all(f"rows => rows.map({text})"))


def test_upload_play_seek_and_mute(journey, samples):
    page = journey.page
    journey.open()
    journey.shown("two_moods.flac")
    journey.source("Upload")
    journey.upload("mine.flac", (samples / "fast_and_high.flac").read_bytes())
    journey.shown("mine.flac")

    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(900)
    page.get_by_role("button", name="Pause").click()
    assert clock(page) > 0.3

    page.mouse.click(*point(page, 0.5))
    duration = float(
        re.search(r"of ([\d.]+) s", page.locator(".player-part", has_text="Playhead").inner_text()).group(1)
    )
    assert clock(page) == pytest.approx(duration / 2, abs=0.05)

    before = probabilities(page)
    select(page, 0.3, 0.7)
    page.get_by_role("button", name="Mute selection and predict again").click()
    expect(page.get_by_text(re.compile(r"^With [\d.]+–[\d.]+ s muted, "))).to_be_visible(timeout=PATIENCE)
    journey.settled()
    after = probabilities(page)
    assert all("→" in text for text in after.values()) and not any("→" in text for text in before.values())
    changed = [text for text in after.values() if len(set(re.findall(r"[<>]?\d\.\d\d", text))) > 1]
    assert changed, after

    page.get_by_role("button", name=re.compile("^Restore all")).click()
    expect(page.get_by_text(re.compile(r"^With .* muted, "))).to_have_count(0, timeout=PATIENCE)
    journey.settled()
    assert probabilities(page) == before


def test_paste_switch_labels_without_the_server_and_mask_a_word(journey):
    page = journey.page
    text = "I am so happy today!\nThank you all, but I miss my grandmother. 😢"
    journey.open("text?checkpoint=goemotions")
    journey.shown("two_feelings.txt")
    journey.source("Paste or type")
    page.get_by_label("Your text, up to 20,000 words").fill(text)
    page.get_by_role("button", name="Explain", exact=True).click()
    journey.shown("Your text")
    assert page.locator(".reader-paragraph").all_inner_texts() == text.split("\n")

    def tints():
        return page.locator(".reader-token").evaluate_all("all => all.map(t => getComputedStyle(t).backgroundColor)")

    rows = page.locator(".prob-row")
    first = tints()
    frames = len(journey.sent)
    for position in (1, 2, 3):
        rows.nth(position).click()
        expect(rows.nth(position)).to_have_attribute("aria-selected", "true")
    page.wait_for_timeout(600)
    assert tints() != first
    assert len(journey.sent) == frames, "switching labels went to the server"

    page.locator(".reader-token", has_text=re.compile("^Thank$")).click()
    page.get_by_role("button", name="Predict again").click()
    expect(page.get_by_text(re.compile(r"^With “Thank” masked, "))).to_be_visible(timeout=PATIENCE)
    journey.settled()
    assert len(journey.sent) > frames
    assert all("→" in row for row in probabilities(page).values())


def test_the_report_opens_offline_with_picture_and_sound(journey, browser, samples):
    journey.open("?sample=flat.flac")
    journey.shown("flat.flac")
    file = journey.download("Report (HTML)")
    saved = file.with_suffix(".html")
    saved.write_bytes(file.read_bytes())
    context = browser.new_context(offline=True)
    page = context.new_page()
    offline = Journey(page, "")
    page.goto(saved.as_uri())
    expect(page.locator("h1")).to_have_text("flat.flac")
    expect(page.locator(".player-canvas")).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(800)
    assert clock(page) > 0.2
    assert page.get_by_role("button", name=re.compile("predict again")).count() == 0
    assert offline.complaints == [] and offline.strangers == []
    context.close()


def test_the_report_of_a_text_opens_offline_and_runs_no_markup(journey, browser):
    page = journey.page
    hostile = "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'> Thanks a lot!"
    journey.open("text?checkpoint=goemotions")
    journey.shown("two_feelings.txt")
    journey.source("Paste or type")
    page.get_by_label("Your text, up to 20,000 words").fill(hostile)
    page.get_by_role("button", name="Explain", exact=True).click()
    journey.shown("Your text")
    assert page.locator(".reader-paragraph").all_inner_texts() == [hostile]
    assert page.evaluate("window.pwned") is None
    file = journey.download("Report (HTML)")
    saved = file.with_suffix(".html")
    saved.write_bytes(file.read_bytes())
    context = browser.new_context(offline=True)
    page = context.new_page()
    offline = Journey(page, "")
    page.goto(saved.as_uri())
    assert page.locator(".reader-paragraph").all_inner_texts() == [hostile]
    assert page.evaluate("window.pwned") is None
    assert offline.complaints == [] and offline.strangers == []
    context.close()


def test_a_saved_explanation_reopens(journey):
    page = journey.page
    journey.open("?sample=slow_and_low.flac&muted=0.5-1.0")
    journey.shown("slow_and_low.flac")
    after = {name: text.split("→")[-1].strip() for name, text in probabilities(page).items()}
    file = journey.download("Everything (JSON)")
    saved = Explanation.from_json(file.read_bytes())
    assert saved.changed == ((0.5, 1.0),)
    page.get_by_role("link", name="Saved").click()
    expect(page.locator("h1")).to_have_text("Saved explanations")
    journey.upload("again.json", file.read_bytes())
    journey.shown("slow_and_low.flac")
    expect(page.locator(".player-canvas")).to_be_visible()
    assert probabilities(page) == after
    assert page.get_by_role("button", name="Mute selection and predict again").count() == 0


def test_the_table_downloads_with_one_row_a_step(journey):
    journey.open("text?checkpoint=goemotions&sample=joy.txt")
    journey.shown("joy.txt")
    explanation = Explanation.from_json(journey.download("Everything (JSON)").read_bytes())
    lines = journey.download("Table (CSV)").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(explanation.units) + 1
    assert lines[0].startswith("step,start,end,token")


def test_a_link_brings_everything_back_and_follows_what_is_done(journey):
    page = journey.page
    journey.open("?checkpoint=ravdess&sample=flat.flac&muted=0.50-1.00")
    journey.shown("flat.flac")
    expect(page.get_by_text(re.compile(r"^With 0\.50–1\.00 s muted, "))).to_be_visible()
    page.locator("[data-testid=stButtonGroup]").get_by_text("Slow and low").click()
    journey.shown("slow_and_low.flac")
    page.wait_for_url(re.compile("sample=slow_and_low.flac"))
    assert "muted" not in page.url
    # Back in the browser is back in the app.
    page.go_back()
    journey.shown("flat.flac")
    # The same address, in a session of its own.
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_text(re.compile(r"^flat\.flac · checkpoint ravdess"))).to_be_visible(timeout=PATIENCE)
    other.close()


def test_a_link_holds_the_chosen_label_and_scale(journey):
    page = journey.page
    journey.open("text?checkpoint=goemotions&sample=joy.txt")
    journey.shown("joy.txt")
    row = page.locator(".prob-row").nth(3)
    name = row.locator(".prob-word").inner_text()
    row.click()
    page.get_by_role("button", name="Relative").click()
    page.wait_for_url(re.compile(f"label={name}&scale=relative"))
    # The page keeps what the view wrote, here while a table is opened on the server.
    page.get_by_text("Show all words as a table").click()
    journey.settled()
    assert f"label={name}&scale=relative" in page.url
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".prob-row[aria-selected=true] .prob-word")).to_have_text(name, timeout=PATIENCE)
    expect(other.get_by_role("button", name="Relative")).to_have_attribute("aria-pressed", "true")
    other.close()
    # Another text starts at its own most probable label.
    page.locator("[data-testid=stButtonGroup]").get_by_text("Anger", exact=True).click()
    journey.shown("anger.txt")
    expect(page.locator(".prob-row").first).to_have_attribute("aria-selected", "true")
    assert "label=" not in page.url and "scale=relative" in page.url


def test_the_first_links_of_a_fresh_server_lead_to_their_pages(browser, tmp_path):
    """Two visitors at once: until app.py has run, Streamlit would run both pages without it."""
    links = {"saved": "Saved explanations", "corpora": "Corpora"}
    with serving(tmp_path / "log.txt") as address:
        pages = {path: browser.new_page() for path in links}
        for path, page in pages.items():
            page.goto(f"{address}/{path}", wait_until="commit")
        for path, page in pages.items():
            expect(page.locator("h1")).to_have_text(links[path], timeout=PATIENCE)
            expect(page.get_by_role("link", name="Speech").first).to_be_visible()
            page.close()


def test_long_work_can_be_cancelled_and_the_earlier_result_stays(journey):
    """Nearly ten minutes of sound: the longest work that the app takes on, seconds on the fastest computer."""
    page = journey.page
    journey.open("?sample=flat.flac")
    journey.shown("flat.flac")
    journey.source("Upload")
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(0).normal(0, 0.1, 595 * 8_000), 8_000, format="WAV")
    journey.upload("long.wav", file.getvalue())
    page.get_by_role("button", name="Cancel", exact=True).click(timeout=PATIENCE)
    expect(page.get_by_text("Stopped, as you asked.")).to_be_visible(timeout=PATIENCE)
    journey.shown("flat.flac")


@pytest.mark.parametrize("path", ["", "text", "compare", "rationales", "corpora", "saved", "checkpoints"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone(journey, path, scheme):
    page = journey.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    journey.open(path)
    journey.settled()
    page.wait_for_timeout(500)
    # A chart is drawn first, then fitted to its place.
    page.wait_for_function(
        "(main => main.scrollWidth <= main.clientWidth)(document.querySelector('[data-testid=stMain]'))", timeout=30_000
    )


def test_the_film_of_how_attention_was_learned(journey):
    page = journey.page
    journey.open("checkpoints")
    expect(page.get_by_text("How attention was learned").first).to_be_visible(timeout=PATIENCE)
    journey.settled()
    chart = page.locator(".js-plotly-plot", has=page.locator(".slider-group")).first
    expect(chart).to_be_visible(timeout=PATIENCE)
    chart.scroll_into_view_if_needed()
    frames = chart.evaluate("plot => plot._transitionData._frames.length")
    assert frames >= 2
    curve = "plot => plot.querySelector('.scatterlayer .js-line').getAttribute('d')"
    last = chart.evaluate(curve)
    chart.locator(".slider-group .slider-rail-touch-rect").click(position={"x": 2, "y": 5})
    page.wait_for_timeout(800)
    assert chart.evaluate(curve) != last


def test_a_json_file_is_complete_enough_to_draw_without_the_app(journey):
    journey.open("?sample=flat.flac")
    journey.shown("flat.flac")
    body = json.loads(journey.download("Everything (JSON)").read_text(encoding="utf-8"))
    assert body["format"] == "earmark-explanation"
    assert body["sound"] and body["picture"]["spectrogram"]["base64"]
