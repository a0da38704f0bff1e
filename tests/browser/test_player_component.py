"""The player in a real browser: as an offline page under the report's policy, and inside Streamlit."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from player_harness import CASES
from playwright.sync_api import expect

from components import colours
from components.player.payload import script, standalone
from models.explanation import AttentionMap

# Pixels left and right of the time axis in a wide picture; see figureLayout in components/player/figure.js.
GUTTER, RIGHT = 52, 12

# The machine may be busy: what is waited for comes in milliseconds or, next to a training run, in many seconds.
expect.set_options(timeout=30_000)


@functools.cache
def explained(name):
    return CASES[name](())


def policy(fragment):
    script = re.search(r"<script>(.*?)</script>", fragment, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; media-src data: blob:"
    )


@pytest.fixture
def offline(page, tmp_path):
    """Opens a case as a file, with no network and the report's content security policy."""
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))

    def open_case(name, dark=False, spans=()):
        explanation = explained(name)
        fragment = standalone(explanation, element_id="picture", spans=spans)
        file = tmp_path / "page.html"
        file.write_text(
            '<!doctype html><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{policy(fragment)}">'
            f'<body style="margin: 8px">{fragment}',
            encoding="utf-8",
        )
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.goto(file.as_uri())
        expect(page.locator(".player-canvas")).to_be_visible()
        page.wait_for_timeout(200)
        return explanation

    yield open_case
    assert complaints == []


@pytest.fixture(scope="module")
def harness():
    """The address of a Streamlit server that shows `player_harness.py`."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("player_harness.py"))]
    options = [f"--server.port={port}", "--server.headless=true", "--browser.gatherUsageStats=false"]
    log = subprocess.DEVNULL
    server = subprocess.Popen([*command, *options], stdout=log, stderr=log, env=os.environ | {"BROWSER": "none"})
    address = f"http://localhost:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                assert server.poll() is None, "The Streamlit server of the harness stopped."
                time.sleep(0.25)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def slider(page):
    return page.get_by_role("slider", name="Playhead in the picture of the clip")


def playhead(page):
    return float(slider(page).get_attribute("aria-valuenow"))


def point(page, share, y=150):
    """Page coordinates at `share` of the time axis; by default on the waveform."""
    page.locator(".player-canvas").scroll_into_view_if_needed()
    box = page.locator(".player-canvas").bounding_box()
    return box["x"] + GUTTER + share * (box["width"] - GUTTER - RIGHT), box["y"] + y


def drag(page, a, b):
    page.mouse.move(*point(page, a))
    page.mouse.down()
    page.mouse.move(*point(page, (a + b) / 2), steps=3)
    page.mouse.move(*point(page, b), steps=3)
    page.mouse.up()


def readout(page, name):
    return page.locator(".player-part", has_text=name).locator(".player-now").inner_text()


def pixels(page):
    data = page.evaluate(
        "() => { const host = document.querySelector('#picture') ?? document; const root = host.shadowRoot ?? host;"
        " return root.querySelector('.player-canvas').toDataURL(); }"
    )
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data.split(",")[1]))).convert("RGB")).astype(int)


def count_of(image, colour):
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int((abs(image - wanted).max(-1) <= 2).sum())


def step_at(explanation, seconds):
    units = explanation.units
    return int(np.flatnonzero((units.starts <= seconds) & (seconds < units.ends))[0])


def played(page, act):
    """Does `act` and waits until what it plays is over; gives every time the playhead was shown at meanwhile."""
    page.evaluate(
        """() => {
            const root = document.querySelector("#picture").shadowRoot;
            window.times = [];
            window.over = false;
            const watch = setInterval(() => {
                const playing = root.querySelector(".player-play").textContent === "Pause";
                if (playing) window.times.push(parseFloat(root.querySelector(".player-now").textContent));
                else if (window.times.length) { window.over = true; clearInterval(watch); }
            }, 10);
        }"""
    )
    act()
    # Not wait_for_function: the report's policy forbids the eval it needs.
    deadline = time.monotonic() + 30
    while not page.evaluate("window.over"):
        assert time.monotonic() < deadline, "It never played to its end."
        page.wait_for_timeout(50)
    return page.evaluate("window.times")


def share_of(explanation, a, b):
    units, weights = explanation.units, explanation.attention[0].weights
    overlap = np.clip(np.minimum(units.ends, b) - np.maximum(units.starts, a), 0, None)
    return float((weights * overlap / (units.ends - units.starts)).sum())


@pytest.mark.parametrize("dark", [False, True])
def test_heat_lies_behind_the_waveform_in_the_attention_colours(offline, page, dark):
    offline("clip", dark)
    scale = colours.DARK if dark else colours.LIGHT
    image = pixels(page)
    # Two steps of this clip are above 5 times uniform: full colour, and only there.
    assert count_of(image, scale[-1]) > 500
    line = colours.DARK_LINE if dark else colours.LIGHT_LINE
    assert count_of(image, line) > 300


def test_click_seeks_and_the_weight_there_is_read_out(offline, page):
    explanation = offline("clip")
    weights = explanation.attention[0].weights
    ranks = np.argsort(np.argsort(-weights, kind="stable"), kind="stable") + 1
    for share in (0.18, 0.76):
        page.mouse.click(*point(page, share))
        time_at = playhead(page)
        assert time_at == pytest.approx(share * explanation.audio.duration, abs=0.01)
        step = step_at(explanation, time_at)
        expect(page.locator(".player-part", has_text="Rank")).to_contain_text(f"{ranks[step]} of {len(weights)}")
        assert float(readout(page, "Weight here")) == pytest.approx(weights[step], rel=0.01, abs=6e-5)
        assert float(readout(page, "× uniform")) == pytest.approx(weights[step] * len(weights), rel=0.02, abs=0.006)
        spoken = page.locator(".ear-unseen[role=status]")
        expect(spoken).to_contain_text(f"rank {ranks[step]} of {len(weights)}")


def test_trimmed_silence_is_marked_as_not_used(offline, page):
    offline("edges")
    page.mouse.click(*point(page, 0.05))
    assert readout(page, "Weight here") == "not used"
    expect(page.locator(".ear-unseen[role=status]")).to_contain_text("silence the model does not use")


def test_playing_moves_the_playhead_with_the_clock_and_pause_stops_it(offline, page):
    offline("clip")
    page.get_by_role("button", name="Play", exact=True).click()
    clock = page.locator(".player-part", has_text="Playhead").locator(".player-now")
    expect(clock).not_to_have_text("0.00 of 5.32 s")

    def now():
        return page.evaluate(
            "() => [performance.now() / 1000, parseFloat(document.querySelector('#picture').shadowRoot"
            ".querySelector('.player-now').textContent)]"
        )

    start, first = now()
    page.wait_for_timeout(1000)
    end, second = now()
    # A busy machine shows a frame late or drops some; the playhead is never ahead of the sound's clock.
    assert 0.2 < second - first <= end - start + 0.25
    page.get_by_role("button", name="Pause").click()
    # Where it stopped is told with the next frame that is drawn.
    expect(slider(page)).not_to_have_attribute("aria-valuenow", "0.000")
    stopped = playhead(page)
    page.wait_for_timeout(200)
    assert playhead(page) == stopped >= second
    # The space bar on the picture goes on from there.
    slider(page).press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    slider(page).press("Space")
    assert playhead(page) >= stopped


def test_drag_selects_and_only_the_selection_plays(offline, page):
    explanation = offline("clip")
    drag(page, 0.4, 0.72)
    status = page.get_by_role("region", name="Selection and muting").get_by_role("status")
    a, b = (share * explanation.audio.duration for share in (0.4, 0.72))
    text = status.inner_text()
    shown = [float(x) for x in re.search(r"Selected: ([\d.]+)–([\d.]+) s, ([\d.]+) %", text).groups()]
    assert shown[:2] == pytest.approx([a, b], abs=0.02)
    assert shown[2] == pytest.approx(100 * share_of(explanation, *shown[:2]), abs=1.5)
    times = played(page, page.get_by_role("button", name="Play selection").click)
    # How near the end the last frame was shown depends on the machine; that none was behind it does not.
    assert min(times) >= shown[0] - 0.02 and (a + b) / 2 < max(times) <= shown[1] + 0.02
    assert playhead(page) == pytest.approx(shown[0], abs=0.02)
    # Dragging an end changes it; a click elsewhere clears the selection.
    drag(page, 0.72, 0.8)
    expect(status).to_contain_text(f"–{0.8 * explanation.audio.duration:.2f} s"[:4])
    page.mouse.click(*point(page, 0.2))
    expect(status).not_to_contain_text("Selected")
    expect(page.get_by_role("button", name="Play selection")).to_be_disabled()


def test_keys(offline, page):
    explanation = offline("clip")
    picture = slider(page)
    picture.press("End")
    assert playhead(page) == pytest.approx(explanation.audio.duration, abs=0.002)
    picture.press("Home")
    assert playhead(page) == 0
    for _ in range(10):
        picture.press("ArrowRight")
    picture.press("ArrowLeft")
    assert playhead(page) == pytest.approx(9 * 0.04, abs=0.005)
    for _ in range(5):
        picture.press("Shift+ArrowRight")
    expect(page.get_by_text(re.compile(r"Selected: 0\.36–0\.56 s"))).to_be_visible()
    picture.press("Escape")
    expect(page.get_by_text("Selected:")).to_have_count(0)
    # 2 plays the second moment of the caption and leaves the playhead in it.
    moments = re.findall(r"([\d.]+)–([\d.]+) s", page.locator(".player-caption").inner_text())
    assert len(moments) == 3
    times = played(page, lambda: picture.press("2"))
    assert float(moments[1][0]) - 0.02 <= min(times) <= max(times) <= float(moments[1][1]) + 0.02
    assert float(moments[1][0]) <= playhead(page) <= float(moments[1][1])
    shares = [share_of(explanation, float(a), float(b)) for a, b in moments]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0.1


def test_wheel_zooms_at_the_pointer_and_the_strip_pans(offline, page):
    explanation = offline("story")
    duration = explanation.audio.duration
    whole = page.get_by_role("button", name="Whole clip")
    expect(whole).to_be_disabled()
    page.mouse.move(*point(page, 0.5))
    for _ in range(8):
        page.mouse.wheel(0, -200)
    expect(whole).to_be_enabled()
    page.mouse.click(*point(page, 0.5))
    assert playhead(page) == pytest.approx(duration / 2, abs=0.2)
    page.mouse.click(*point(page, 0.75))
    near = playhead(page) - duration / 2
    assert 0 < near < duration / 8
    height = page.locator(".player-canvas").bounding_box()["height"]
    page.mouse.click(*point(page, 0.1, height - 12))
    page.mouse.click(*point(page, 0.5))
    assert playhead(page) == pytest.approx(0.1 * duration, abs=0.5)
    whole.click()
    page.mouse.click(*point(page, 0.75))
    assert playhead(page) == pytest.approx(0.75 * duration, abs=0.2)
    for name in ("Zoom in", "Later", "Earlier", "Zoom out"):
        page.get_by_role("button", name=name).click()
    page.locator("summary", has_text="What each window says").click()
    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(len(explanation.windows) + 1)
    window = explanation.windows[3]
    expect(rows.nth(3)).to_contain_text(explanation.labels[int(window.probabilities.argmax())])
    expect(rows.last).to_contain_text("Whole clip")


def test_touch_drag_selects_and_pinch_zooms(browser, tmp_path):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    file = tmp_path / "page.html"
    meta = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    file.write_text(f"<!doctype html>{meta}{standalone(explained('clip'), element_id='picture')}", encoding="utf-8")
    page.goto(file.as_uri())
    canvas = page.locator(".player-canvas")
    canvas.scroll_into_view_if_needed()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    box = canvas.bounding_box()
    devtools = context.new_cdp_session(page)

    def touch(kind, *shares):
        left, across = box["x"] + 40, box["width"] - 46
        points = [{"x": left + s * across, "y": box["y"] + 150, "id": i} for i, s in enumerate(shares)]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.3)
    for share in (0.35, 0.4, 0.5, 0.6):
        touch("touchMove", share)
    touch("touchEnd")
    found = re.search(r"Selected: ([\d.]+)–([\d.]+) s", page.locator(".player-mute [role=status]").inner_text())
    assert [float(x) for x in found.groups()] == pytest.approx([0.3 * 5.32, 0.6 * 5.32], abs=0.08)
    touch("touchStart", 0.4, 0.6)
    for spread in (0.15, 0.2, 0.3, 0.4):
        touch("touchMove", 0.5 - spread, 0.5 + spread)
    touch("touchEnd")
    expect(page.get_by_role("button", name="Whole clip")).to_be_enabled()
    expect(page.locator(".player-mute [role=status]")).to_contain_text(found.group(0))
    context.close()


def test_scale_is_switchable_and_a_uniform_map_looks_uniform_on_both(offline, page):
    offline("uniform")
    for name in ("Absolute", "Relative"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_text(re.compile(f"^{name}: "))).to_be_visible()
        page.wait_for_timeout(100)
        image = pixels(page)
        assert count_of(image, colours.LIGHT[-1]) == 0
    expect(page.get_by_text("no moment stands out")).to_be_visible()
    expect(page.get_by_role("button", name="Play top moment 1", exact=True)).to_be_disabled()


def test_choosing_a_label_or_a_head_retints_in_the_browser(offline, page):
    explanation = offline("labels")
    before = pixels(page)
    other = explanation.labels[int(explanation.ranking()[3])]
    page.get_by_role("option", name=re.compile(f"^{other}")).click()
    expect(page.locator(".player-caption")).to_contain_text(f"Attention for {other}")
    page.wait_for_timeout(100)
    assert (pixels(page) != before).any(-1).mean() > 0.01
    explanation = offline("heads")
    before = pixels(page)
    page.get_by_role("combobox", name="Head").select_option("3")
    page.wait_for_timeout(100)
    assert (pixels(page) != before).any(-1).mean() > 0.005
    page.get_by_role("combobox", name="Seen from").select_option("the step at the playhead")
    page.mouse.click(*point(page, 0.5))
    step = step_at(explanation, playhead(page))
    weight = explanation.attention[0].weights[2, step, step]
    assert float(readout(page, "Weight here")) == pytest.approx(weight, rel=0.01, abs=6e-5)


def test_png_and_svg_hold_the_figure_and_no_markup_of_the_user(offline, page):
    offline("hostile")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    image = np.asarray(Image.open(download.value.path()).convert("RGB")).astype(int)
    assert image.shape[1] == 2400 and image.shape[0] > 800
    assert count_of(image, colours.LIGHT_LINE) > 500
    assert download.value.suggested_filename.startswith("earmark-ravdess-demo")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save SVG").click()
    root = ElementTree.fromstring(Path(download.value.path()).read_bytes())
    tags = {element.tag.split("}")[1] for element in root.iter()}
    assert tags == {"svg", "title", "desc", "g", "rect", "path", "text", "circle"}
    words = " ".join("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "</script><script>" in words and "<img src=x" in words and "Absolute" in words
    assert page.evaluate("window.pwned") is None


def test_syllables_have_a_lane_of_their_own_with_their_shares(offline, page):
    offline("clip")
    without = page.locator(".player-canvas").bounding_box()["height"]
    spans = [
        {"start": 0.2, "end": 1.0, "label": "<b>pen</b>", "share": 0.123, "ratio": 0.0},
        {"start": 1.0, "end": 2.0, "label": "liegt", "share": 0.5, "ratio": 9.0},
    ]
    offline("clip", spans=spans)
    assert page.locator(".player-canvas").bounding_box()["height"] > without + 30
    with page.expect_download() as download:
        page.get_by_role("button", name="Save SVG").click()
    root = ElementTree.fromstring(Path(download.value.path()).read_bytes())
    words = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for word in ("<b>pen</b>", "12 %", "liegt", "50 %"):
        assert words.count(word) == 1
    # Nine times the uniform weight is full colour, none is the ground; both rectangles are the height of the lane.
    fills = {rect.get("fill") for rect in root.iter("{http://www.w3.org/2000/svg}rect") if rect.get("height") == "34"}
    assert fills - {"none"} == {"rgb(255,255,255)", "rgb(255,122,51)"}


@pytest.mark.parametrize("name", ["nothing", "silence", "mute"])
def test_clips_with_little_to_show_still_draw(offline, page, name):
    offline(name)
    assert len(np.unique(pixels(page) @ [65536, 256, 1])) > 5
    page.mouse.click(*point(page, 0.5))
    assert playhead(page) > 0.5
    if name == "mute":
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_disabled()
        expect(page.get_by_text("This file holds no sound")).to_be_visible()


def test_damaged_sound_is_explained_and_the_picture_stays(offline, page):
    offline("broken")
    expect(page.get_by_text("cannot decode the clip’s sound")).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_disabled()
    assert count_of(pixels(page), colours.LIGHT_LINE) > 300


def test_a_report_has_no_buttons_that_need_a_model(offline, page):
    offline("clip")
    drag(page, 0.6, 0.7)
    expect(page.get_by_text("Selected:")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("predict|Restore")).count() == 0


def test_every_button_and_field_has_a_name(offline, page):
    offline("heads")
    for summary in page.locator("summary").all():
        if summary.is_visible():
            summary.click()
    tree = page.locator(".player").aria_snapshot()
    assert "button" in tree
    assert not re.findall(r"- (?:button|combobox|slider|checkbox|table)(?:\s*\[[^\]]*\])*:?\s*$", tree, re.MULTILINE)


def test_muting_asks_again_adds_up_and_resets(harness, page):
    page.goto(f"{harness}/?case=clip")
    expect(page.locator(".player-canvas")).to_be_visible()
    page.wait_for_timeout(300)
    mute = page.get_by_role("button", name="and predict again").first
    expect(mute).to_be_disabled()
    drag(page, 0.7, 0.8)
    mute.click()
    events = page.locator("[data-testid=stText]", has_text="events:")
    expect(events).to_contain_text(re.compile(r"'muted': \[\[3\.7\d*, 4\.2\d*\]\]"))
    # Before → after, and the playhead is where it was.
    expect(page.locator(".prob-was").first).to_be_visible()
    page.mouse.click(*point(page, 0.3))
    stood = playhead(page)
    drag(page, 0.1, 0.2)
    page.get_by_role("button", name="Mute selection too and predict again").click()
    expect(events).to_contain_text(re.compile(r"'muted': \[\[0\.5\d*, 1\.0\d*\], \[3\.7\d*, 4\.2\d*\]\]"))
    chips = page.get_by_role("button", name=re.compile("^Restore .* and predict again$"))
    expect(chips).to_have_count(2)
    assert playhead(page) == stood
    chips.first.click()
    expect(chips).to_have_count(1)
    page.get_by_role("button", name="Restore all").click()
    expect(events).to_contain_text("{'kind': 'reset'}]")
    expect(chips).to_have_count(0)
    expect(page.locator(".prob-was")).to_have_count(0)
    # A rerun for another reason must not repeat an old request.
    told = events.inner_text()
    assert told.count("kind") == 4
    page.get_by_role("button", name="Run again").click()
    page.wait_for_timeout(500)
    assert events.inner_text() == told
    assert playhead(page) == stood


@pytest.fixture
def arithmetic(page):
    """Calls a function of the player's script: `arithmetic("mergeSpans", [[1, 2]], 5)`."""
    code = script().partition("export default")[0]
    page.add_script_tag(content=code)

    def call(name, *arguments):
        code = f"given => {{ const got = {name}(...given); return ArrayBuffer.isView(got) ? [...got] : got; }}"
        return page.evaluate(code, list(arguments))

    return call


def test_arithmetic_in_the_browser_is_that_of_python(arithmetic):
    draw = np.random.default_rng(0)
    weights = draw.dirichlet(np.ones(7), (3, 2, 4)).astype(np.float32)
    map_ = AttentionMap("self", weights, ("label", "head", "query", "step"))
    sent = {"axes": list(map_.axes), "shape": list(weights.shape), "weights": weights.ravel().tolist()}
    for fixed in ({}, {"label": 2}, {"head": 1, "query": 3}, {"label": 0, "head": -1, "query": 2}):
        expected = map_.select(**{axis: i for axis, i in fixed.items() if i >= 0})
        assert arithmetic("selectWeights", sent, fixed) == pytest.approx(expected.tolist(), abs=1e-6)
    assert arithmetic("mergeSpans", [[3, 4], [1, 2], [1.5, 2.5], [9, 12], [5, 5], [-1, 0.5]], 10) == [
        [0, 0.5], [1, 2.5], [3, 4], [9, 10],
    ]  # fmt: skip
    spoken = {59.999: "1:00.00 min", 0: "0.00 s", 61.239: "1:01.24 min", 3.456: "3.46 s", 599.999: "10:00.00 min"}
    for seconds, words in spoken.items():
        assert arithmetic("spellTime", seconds) == words


def test_top_moments_stand_out_and_lie_apart(arithmetic):
    draw = np.random.default_rng(1)
    for steps, sharpness in [(1, 1), (2, 1), (30, 0.2), (30, 5), (120, 1), (500, 0.2), (500, 20)]:
        starts = np.arange(steps) * 0.04 + 0.2
        ends = starts + 0.04
        duration = float(ends[-1]) + 0.1
        weights = draw.dirichlet(np.full(steps, sharpness))
        found = arithmetic("topMoments", weights.tolist(), starts.tolist(), ends.tolist(), duration)
        assert len(found) <= 3 and (found or weights.max() * steps < 1.02 or steps == 1)
        shares = [moment["share"] for moment in found]
        assert shares == sorted(shares, reverse=True)
        for moment in found:
            assert 0 <= moment["start"] < moment["end"] <= duration
            assert weights[moment["peak"]] * steps >= 1.02
            assert moment["start"] <= starts[moment["peak"]] and ends[moment["peak"]] <= moment["end"]
            overlap = np.clip(np.minimum(ends, moment["end"]) - np.maximum(starts, moment["start"]), 0, None)
            assert moment["share"] == pytest.approx(float((weights * overlap / 0.04).sum()), abs=1e-6)
        times = sorted((moment["start"], moment["end"]) for moment in found)
        assert all(a[1] <= b[0] + 1e-9 for a, b in zip(times, times[1:], strict=False))
    even = np.full(50, 0.02) * (1 + 0.003 * draw.normal(size=50))
    starts = np.arange(50) * 0.04
    assert arithmetic("topMoments", even.tolist(), starts.tolist(), (starts + 0.04).tolist(), 2.0) == []
