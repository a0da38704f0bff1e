"""The reader in a real browser, on a page with nothing else (reader_harness.py)."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest

from components import colours
from components.reader.payload import script

HARNESS = Path(__file__).with_name("reader_harness.py")
TOKEN = ".reader-token"
STEPS_OF_COLOUR = 63


def _harness():
    spec = importlib.util.spec_from_file_location("reader_harness", HARNESS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


harness = _harness()


@pytest.fixture(scope="module")
def server():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(HARNESS), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--server.fileWatcherType", "none"]
    command += ["--browser.gatherUsageStats", "false"]
    root = HARNESS.parents[2]
    process = subprocess.Popen(command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)})
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    try:
        while True:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, "Streamlit did not start."
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def context(browser):
    # One for all tests here, so that Streamlit's own files come from the cache.
    context = browser.new_context()
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def page(context):
    page = context.new_page()
    page.set_viewport_size({"width": 1440, "height": 900})
    yield page
    page.close()


@pytest.fixture
def opened(server, page):
    """Opens a case; afterwards no error may have been logged."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))

    def open_(case):
        page.goto(f"{server}/?case={case}")
        page.locator(TOKEN).first.wait_for()
        return page

    yield open_
    assert errors == []


def tints(page):
    """Background colour of every token as [r, g, b], white where there is none."""
    found = page.locator(TOKEN).evaluate_all("nodes => nodes.map(node => getComputedStyle(node).backgroundColor)")
    values = [[int(float(v)) for v in re.findall(r"[\d.]+", colour)] for colour in found]
    return np.array([v[:3] if len(v) == 3 or v[3] else [255, 255, 255] for v in values])


def expected_tints(weights, top_ratio):
    level = np.round(np.clip(weights * len(weights) / top_ratio, 0, 1) * STEPS_OF_COLOUR)
    stops = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in colours.LIGHT])
    at = level / STEPS_OF_COLOUR * (len(stops) - 1)
    colour = np.stack([np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)], axis=1)
    return np.where(level[:, None] == 0, 255, colour)


def words(explanation):
    starts, ends = explanation.units.starts, explanation.units.ends
    return [explanation.text[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def test_the_text_stands_as_typed(opened):
    page = opened("report")
    shown = page.locator(".reader-paragraph").evaluate_all("nodes => nodes.map(node => node.textContent)")
    assert "\n".join(shown) == harness.REPORT.replace("\r\n", "\n")
    assert page.locator(TOKEN).all_text_contents() == words(harness.CASES["report"]())
    # The line's indent is kept on screen too.
    indent = page.locator(TOKEN, has_text="Grain").bounding_box()["x"] - page.locator(TOKEN).first.bounding_box()["x"]
    assert indent > 8


def test_markup_in_text_and_labels_stays_text(opened):
    page = opened("hostile")
    page.wait_for_timeout(300)
    assert page.evaluate("window.pwned") is None
    assert page.locator(".reader script, .reader img, .reader b").count() == 0
    assert page.locator(".reader-paragraph").text_content() == harness.HOSTILE
    assert page.locator(".prob-word").all_text_contents() == ["<b>one</b>", "two"]


def test_another_label_retints_without_asking_the_server(opened, page):
    sent = []
    page.on("websocket", lambda socket_: socket_.on("framesent", lambda _: sent.append(1)))
    opened("report")
    case = harness.CASES["report"]()
    weights = case.attention[0].weights
    assert np.abs(tints(page) - expected_tints(weights[0], 5)).max() <= 2
    page.wait_for_timeout(500)
    assert sent
    sent.clear()
    for label in (2, 4):
        page.get_by_role("option", name=re.compile(f"^{case.labels[label]}:")).click()
        assert np.abs(tints(page) - expected_tints(weights[label], 5)).max() <= 2
        assert case.labels[label] in page.locator(".reader-caption").text_content()
        assert words(case)[int(weights[label].argmax())] in page.locator(".reader-caption").text_content()
    assert sent == []
    page.get_by_role("button", name="Relative").click()
    top = max(weights[4].max() * len(weights[4]), 2)
    assert np.abs(tints(page) - expected_tints(weights[4], top)).max() <= 2
    assert "Relative: full colour is this map’s own maximum" in page.locator(".reader-legend-text").text_content()


def test_labels_over_their_threshold_are_marked(opened):
    page = opened("report")
    case = harness.CASES["report"]()
    names = page.locator(".prob-word").all_text_contents()
    assert names == [case.labels[i] for i in case.ranking()]
    marked = page.locator(".prob-predicted .prob-word").all_text_contents()
    assert marked == [case.labels[i] for i in case.ranking() if case.predicted()[i]]
    assert 0 < len(marked) < len(names)
    assert page.locator(".prob-threshold").count() == len(names)


def test_pointer_and_keyboard_read_weight_and_rank(opened):
    page = opened("report")
    case = harness.CASES["report"]()
    row = case.attention[0].weights[0]
    rank = 1 + (row > row[4]).sum()
    page.locator(TOKEN).nth(4).hover()
    tip = page.get_by_role("tooltip")
    assert words(case)[4] in tip.text_content()
    assert f"rank {rank} of {len(row)}" in tip.text_content()
    assert f"weight {row[4]:.3g}" in tip.text_content()
    page.locator(TOKEN).first.focus()
    page.keyboard.press("ArrowRight")
    focused = page.locator(f"{TOKEN}:focus")
    assert focused.text_content() == words(case)[1]
    assert f"rank {1 + (row > row[1]).sum()} of {len(row)}" in focused.get_attribute("aria-label")
    page.keyboard.press("ArrowDown")
    assert focused.bounding_box()["y"] > page.locator(TOKEN).first.bounding_box()["y"] + 10
    page.keyboard.press("Enter")
    assert page.locator(".reader-chip").count() == 1


def test_unknown_words_are_marked_and_explained(opened):
    page = opened("report")
    case = harness.CASES["report"]()
    unknown = [word for word, known in zip(words(case), case.units.known, strict=True) if not known]
    assert unknown and page.locator(".reader-unknown").all_text_contents() == unknown
    assert "a word the model does not know" in page.locator(".reader-legend-text").text_content()
    page.locator(".reader-unknown").first.hover()
    assert "Not in the model’s vocabulary" in page.get_by_role("tooltip").text_content()


def test_mask_predict_again_and_restore(opened):
    page = opened("report")
    case = harness.CASES["report"]()
    top = case.probabilities.max()
    page.get_by_role("option", name=re.compile("^grain:")).click()
    page.locator(TOKEN).nth(2).click()
    page.locator(TOKEN).nth(7).click()
    page.get_by_text("events: []").wait_for()
    page.get_by_role("button", name="Predict again").click()
    page.get_by_text("events: [{'kind': 'predict', 'masked': [2, 7]}]").wait_for()
    page.locator(".prob-was").first.wait_for()
    value = page.locator(".prob-value").first.text_content()
    assert value == f"{top:.2f} → {top / 4:.2f}"
    assert page.locator(".reader-masked").all_text_contents() == [words(case)[i] for i in (2, 7)]
    # The chosen label outlives the rerun, and an old event is not replayed by the next.
    assert "Attention for grain" in page.locator(".reader-caption").text_content()
    page.get_by_role("button", name="Run again").click()
    page.wait_for_timeout(800)
    page.get_by_text("events: [{'kind': 'predict', 'masked': [2, 7]}]").wait_for()
    page.get_by_role("button", name="Restore all").click()
    page.get_by_text("{'kind': 'reset'}]").wait_for()
    page.locator(".prob-was").first.wait_for(state="detached")
    assert page.locator(".reader-masked").count() == 0
    assert page.locator(".prob-value").first.text_content() == f"{top:.2f}"


def test_dragging_over_text_selects_it_and_masks_nothing(opened):
    page = opened("report")
    # Once inside a word, where the browser calls it a click on the word, and once over several.
    for first, last in ((1, 1), (1, 4)):
        start, end = (page.locator(TOKEN).nth(i).bounding_box() for i in (first, last))
        page.mouse.move(start["x"] + 1, start["y"] + 10)
        page.mouse.down()
        page.mouse.move(end["x"] + end["width"] - 1, end["y"] + 10, steps=4)
        page.mouse.up()
        assert page.evaluate("getSelection().type") == "Range"
        assert page.locator(".reader-chip").count() == 0


def test_an_even_map_looks_even_and_pale(opened):
    page = opened("uniform")
    for scale, top_ratio in (("Absolute", 5), ("Relative", 2)):
        page.get_by_role("button", name=scale).click()
        found = tints(page)
        assert (found == found[0]).all()
        weights = np.full(len(found), 1 / len(found))
        assert np.abs(found - expected_tints(weights, top_ratio)).max() <= 2
    assert "spread evenly" in page.locator(".reader-caption").text_content()
    assert "stops at 2 times the uniform weight" in page.locator(".reader-legend-text").text_content()


def test_self_attention_is_averaged_until_a_head_and_a_word_are_chosen(opened):
    page = opened("heads")
    weights = harness.CASES["heads"]().attention[0].weights
    assert np.abs(tints(page) - expected_tints(weights.mean((0, 1)), 5)).max() <= 4
    page.get_by_label("Head").select_option("3")
    assert np.abs(tints(page) - expected_tints(weights[2].mean(0), 5)).max() <= 4
    chooser = page.get_by_label("Seen from word")
    if chooser.evaluate("node => node.tagName") == "SELECT":
        chooser.select_option("5")
    else:
        chooser.fill("6")
    assert np.abs(tints(page) - expected_tints(weights[2, 5], 5)).max() <= 4


def test_an_empty_row_and_a_single_word_are_said_in_words(opened):
    page = opened("empty")
    assert "No word has any weight" in page.locator(".reader-caption").text_content()
    page = opened("emoji")
    assert page.locator(TOKEN).all_text_contents() == ["😀"]
    assert "always 1" in page.locator(".reader-caption").text_content()


def test_three_thousand_words_ninety_labels(opened):
    page = opened("long")
    assert page.locator(".reader-minimap").is_visible()
    # Only what is near the screen has an element for each word.
    assert 0 < page.locator(TOKEN).count() < 1500
    page.get_by_role("button", name="Next passage").click()
    status = page.locator(".reader-passages [role=status]").text_content()
    first, last, share = map(int, re.search(r"words (\d+) to (\d+), (\d+) % of", status).groups())
    row = harness.CASES["long"]().attention[0].weights[0]
    assert abs(100 * row[first - 1 : last].sum() - share) <= 0.6
    assert row[first - 1 : last].mean() > 2 / len(row)
    box = page.locator(".reader-in-passage").first.bounding_box()
    scroller = page.locator(".reader-scroll").bounding_box()
    assert scroller["y"] <= box["y"] <= scroller["y"] + scroller["height"]

    retint = page.locator(".prob-row").evaluate_all(
        """rows => rows.slice(1, 12).map(row => {
            const start = performance.now();
            row.click();
            return performance.now() - start;
        })"""
    )
    # 5 ms on an idle desktop; the limit leaves room for a busy machine and is far below a round trip.
    assert np.median(retint) < 100

    scrolled = page.locator(".reader-scroll").evaluate("node => node.scrollTop = node.scrollHeight")
    assert scrolled > 1000
    # The page keeps its place and label when Streamlit runs again.
    chosen = page.locator(".prob-selected .prob-word").text_content()
    page.get_by_role("button", name="Run again").click()
    page.wait_for_timeout(800)
    assert page.locator(".prob-selected .prob-word").text_content() == chosen
    assert page.locator(".reader-scroll").evaluate("node => node.scrollTop") > 1000
    page.get_by_placeholder("Find one of 90 labels").fill("topic 42")
    assert page.locator(".prob-row:visible").count() == 1


def test_the_table_lists_the_words_of_most_weight(opened):
    page = opened("report")
    case = harness.CASES["report"]()
    page.get_by_text("as a table").click()
    order = np.argsort(-case.attention[0].weights[0], kind="stable")[:20]
    assert page.locator(".reader-table tbody td:nth-child(2)").all_text_contents() == [words(case)[i] for i in order]


def test_the_figure_is_saved_as_svg_and_png(opened, tmp_path):
    page = opened("hostile")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save SVG").click()
    assert download.value.suggested_filename == "earmark-reuters-demo-b-one-b-.svg"
    download.value.save_as(tmp_path / "figure.svg")
    root = xml.etree.ElementTree.parse(tmp_path / "figure.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    names = {node.tag.removeprefix(space) for node in root.iter()}
    assert names == {"svg", "title", "desc", "rect", "g", "text"}
    drawn = "".join(node.text for node in root.iter(f"{space}text"))
    assert "".join(harness.HOSTILE.split()) in "".join(drawn.split())
    assert len({node.get("fill") for node in root.iter(f"{space}rect")}) > 10
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    download.value.save_as(tmp_path / "figure.png")
    content = (tmp_path / "figure.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(content[16:20], "big") == 2 * int(root.get("width"))


@pytest.mark.parametrize("case", ["report", "word", "long"])
def test_a_phone_needs_no_sideways_scrolling(opened, page, case):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(case)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    assert page.locator(".reader-scroll").evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    assert page.locator(".reader-labels").bounding_box()["y"] < page.locator(".reader-page").bounding_box()["y"]


def test_offsets_ranks_and_passages_in_javascript(page):
    page.goto("about:blank")
    page.add_script_tag(content=script().replace("export default function", "function unused"))
    for text in ("plain", "a😀b👩‍👩‍👧c", "😀😀", "é́ 中文 𝒳y", ""):
        offsets = list(range(len(text) + 1))
        units = [len(text[:i].encode("utf-16-le")) // 2 for i in offsets]
        assert page.evaluate("([text, offsets]) => [...utf16Offsets(text, offsets)]", [text, offsets]) == units
    ranks = page.evaluate("row => [...weightRanks(Float32Array.from(row)).ranks]", [0.1, 0.4, 0.1, 0.4, 0.0])
    assert ranks == [3, 1, 3, 1, 5]
    row = np.full(600, 0.5 / 600)
    row[300:310] += 0.05
    (passage,) = page.evaluate("row => hotPassages(Float32Array.from(row))", row.tolist())
    assert (passage["first"], passage["last"]) == (300, 310)
    assert page.evaluate("row => hotPassages(Float32Array.from(row))", [1 / 600] * 600) == []
