"""The page of people's marks in a browser: underlined is what people marked, and a visitor's words stay words."""

import json

from playwright.sync_api import expect

REVIEW = {
    "id": "mine",
    "label": "NEG",
    "tokens": ["a", "<img src=x onerror=window.pwned=1>", "dull", "film", ",", "I", "slept"],
    "rationales": [[1, 4], [6, 7]],
}


def test_marks_of_people_and_network_in_one_text(app, page):
    page.goto(f"{app}/rationales")
    text = page.locator(".rationales-text")
    expect(text).to_contain_text("Last Lamp", timeout=300_000)
    assert text.locator(".people").count() and text.locator(".network").count()
    page.get_by_text("Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(
        {"name": "mine.jsonl", "mimeType": "application/jsonl", "buffer": json.dumps(REVIEW).encode()}
    )
    expect(text).to_have_text(" ".join(REVIEW["tokens"]))
    # Where only people marked and where both did, the underlined stretches together are the passages.
    underlined = "".join(text.locator(".people").all_text_contents())
    assert underlined == "<img src=x onerror=window.pwned=1> dull filmslept"
    assert text.locator("img").count() == 0 and page.evaluate("window.pwned") is None
    line = text.locator(".people").first.evaluate("e => getComputedStyle(e).textDecorationLine")
    assert line == "underline"
