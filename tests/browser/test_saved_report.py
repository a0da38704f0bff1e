"""A saved report opened from the disk with the network off, in a real browser."""

from __future__ import annotations

import re

import numpy as np
import pytest

from components.report import report
from tests.unit.explanations import TEXT, speech, text

EVIL = "before </script><script>window.pwned=1</script><img src=x onerror=window.pwned=2><b>bold</b> after"


@pytest.fixture
def opened(page, tmp_path):
    """Saves an explanation as a report and opens the file; afterwards nothing may have gone wrong or been asked for."""
    troubles, asked = [], []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: message.type in ("error", "warning") and troubles.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)
    page.add_init_script(
        "window.violations = [];"
        "addEventListener('securitypolicyviolation', event => violations.push(event.violatedDirective));"
    )

    def open_(explanation):
        path = tmp_path / "report.html"
        path.write_text(report(explanation), "utf-8")
        page.goto(path.as_uri())
        return page

    yield open_
    assert troubles == []
    assert page.evaluate("violations") == []
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []


def test_a_text_is_drawn_and_its_labels_switch(opened):
    explanation = text()
    page = opened(explanation)
    shown = page.locator(".reader-paragraph").evaluate_all("nodes => nodes.map(node => node.textContent)")
    assert "\n".join(shown) == TEXT.replace("\r\n", "\n")
    top = page.locator(".reader-token").nth(int(explanation.attention[0].weights[0].argmax()))
    tint = "node => getComputedStyle(node).backgroundColor"
    assert top.evaluate(tint) not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
    before = page.locator(".reader-token").evaluate_all(f"nodes => nodes.map({tint})")
    page.get_by_role("option", name=re.compile("^earn:")).click()
    assert "Attention for earn" in page.locator(".reader-caption").text_content()
    assert page.locator(".reader-token").evaluate_all(f"nodes => nodes.map({tint})") != before
    # Nothing here could predict again.
    page.locator(".reader-token").first.click()
    assert page.get_by_role("button", name="Predict again").count() == 0
    page.locator(".reader-token").nth(2).hover()
    assert "weight" in page.get_by_role("tooltip").text_content()
    page.get_by_label("Attention map").select_option("1")
    page.get_by_label("Head").select_option("1")
    assert "the same for every label" in page.locator(".reader-caption").text_content()


def test_masked_words_are_shown_but_cannot_be_changed(opened):
    page = opened(text(changed=((0, 1), (2, 3))))
    assert page.locator(".reader-masked").all_text_contents() == ["OPEC", "oil"]
    assert page.locator(".reader-chip").all_text_contents() == ["OPEC", "oil"]
    assert page.locator("button.reader-chip").count() == 0
    assert page.get_by_role("button", name="Predict again").count() == 0
    assert "2 words masked" in page.locator(".reader-mask").text_content()


def test_markup_in_a_text_is_inert(opened):
    page = opened(text(EVIL, (EVIL, "b", "c"), name=EVIL, notices=(EVIL,)))
    page.wait_for_timeout(200)
    assert page.evaluate("window.pwned") is None
    assert page.locator(".reader-paragraph").text_content() == EVIL
    assert page.locator("h1").text_content() == EVIL
    assert page.locator("img").count() == 0


def test_the_policy_stops_a_script_that_is_not_the_reports_own(page, tmp_path):
    # The same file with a script added by hand: the browser must refuse it.
    path = tmp_path / "report.html"
    path.write_text(report(text()).replace("</body>", "<script>window.pwned = 1</script></body>"), "utf-8")
    page.goto(path.as_uri())
    assert page.locator(".reader-token").count() > 0
    assert page.evaluate("window.pwned") is None


def test_the_figure_is_saved_from_the_report(opened):
    page = opened(text())
    for kind in ("PNG", "SVG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save {kind}").click()
        assert download.value.path().stat().st_size > 1000


def test_a_clip_is_drawn_plays_and_is_safe(opened):
    labels = ("calm", EVIL, "sad")
    page = opened(speech(labels, name=EVIL))
    canvas = page.locator(".player-canvas")
    canvas.wait_for()
    colours = canvas.evaluate(
        """canvas => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            resolve(new Set(new Uint32Array(data.buffer)).size);
        })))"""
    )
    assert colours > 50
    assert page.locator(".prob-word").all_text_contents() == [EVIL, "calm", "sad"]
    assert page.evaluate("window.pwned") is None
    clock = page.locator(".player-part", has_text="Playhead").locator(".player-now")
    at_start = clock.text_content()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(700)
    assert clock.text_content() != at_start
    assert page.get_by_role("button", name=re.compile("predict again")).count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("make", [text, speech], ids=["text", "speech"])
def test_a_phone_needs_no_sideways_scrolling_and_the_scheme_is_followed(opened, page, make, scheme):
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    opened(make(name="x" * 120 + ".txt"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    grounds = (
        "['body', '.ear'].map(find => document.querySelector(find) ?? document.querySelector('#picture')"
        ".shadowRoot.querySelector(find)).map(node => getComputedStyle(node))"
        ".map(style => [style.backgroundColor, style.color])"
    )
    (ground, ink), (_, own_ink) = page.evaluate(grounds)

    def light(colour):
        return np.mean([float(v) for v in re.findall(r"[\d.]+", colour)[:3]])

    assert (light(ground) > 128) == (scheme == "light")
    for colour in (ink, own_ink):
        assert (light(colour) < 128) == (scheme == "light")
