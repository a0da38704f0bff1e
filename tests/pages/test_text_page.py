"""The text page: real texts through the shipped checkpoints, and everything that is no text."""

from __future__ import annotations

import numpy as np
import pytest


def use_typing(visitor, **query):
    at = visitor.open("text", **query)
    at.segmented_control("text-source").set_value("typed")
    return visitor.run()


def explain(visitor, text):
    visitor.at.text_area("text-typed").set_value(text)
    next(b for b in visitor.at.button if b.label == "Explain").click()
    return visitor.run()


def use_upload(visitor):
    at = visitor.open("text")
    at.segmented_control("text-source").set_value("file")
    return visitor.run()


def test_the_first_view_already_shows_an_explained_text(visitor):
    at = visitor.open("text")
    shown = visitor.desk("text").shown
    assert shown.text and len(shown.labels) == 90
    np.testing.assert_allclose(shown.attention[0].weights.sum(-1), 1, atol=1e-4)
    assert not at.error


def test_another_checkpoint_brings_a_sample_that_suits_it(visitor):
    at = visitor.open("text")
    at.selectbox("text-checkpoint").select("goemotions")
    at = visitor.run()
    shown = visitor.desk("text").shown
    assert shown.provenance.checkpoint == "goemotions" and len(shown.labels) == 28
    assert shown.provenance.input_name == "two_feelings.txt"
    assert (at.query_params["checkpoint"], at.query_params["sample"]) == ("goemotions", "two_feelings.txt")


def test_another_checkpoint_keeps_the_visitors_own_text(visitor):
    use_typing(visitor)
    at = explain(visitor, "Wheat prices rose again.")
    at.selectbox("text-checkpoint").select("goemotions")
    visitor.run()
    shown = visitor.desk("text").shown
    assert (shown.provenance.checkpoint, shown.text) == ("goemotions", "Wheat prices rose again.")


@pytest.mark.parametrize(
    "text",
    [
        "😀",
        "<script>window.x = 1</script> <b>bold</b> &amp; oil",
        "Zwei  Zeilen,\r\n\tund ein\u00a0Tab.",
        "ارتفعت أسعار النفط اليوم",
        "\x00\x07 control \x1b[31m characters \u202e and a turn",
        "word " * 3_000,
    ],
    ids=["emoji", "tags", "line breaks", "right to left", "control", "long"],
)
def test_any_text_is_shown_as_typed(visitor, text):
    use_typing(visitor)
    at = explain(visitor, text)
    assert not at.error
    shown = visitor.desk("text").shown
    assert shown.text == visitor.desk("text").request.input.data
    assert len(shown.units) >= 1
    # Streamlit's own text box may normalise line ends; nothing else changes on the way in.
    assert shown.text.replace("\r\n", "\n") == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "no words"), ("   \n\t  ", "no words"), ("word " * 20_001, "20,001 words"), ("x" * 1_100_000, "1,100,000")],
    ids=["empty", "spaces", "too many words", "1 MB"],
)
def test_a_text_that_cannot_be_read_gets_one_sentence_and_the_earlier_result_stays(visitor, text, says):
    use_typing(visitor)
    earlier = visitor.desk("text").shown
    explain(visitor, text)
    (message,) = visitor.errors()
    assert says in message.replace("\\", "")
    assert visitor.desk("text").shown is earlier


BAD = {
    "empty": b"",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "a PDF": b"%PDF-1.7 ...",
    "a Word document": b"PK\x03\x04" + bytes(500),
    "a sound": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "zeros": bytes(1000),
    "half a UTF-16 file": b"\xff\xfea\x00b",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_a_file_that_is_no_text_gets_one_sentence_and_the_earlier_result_stays(visitor, data):
    use_upload(visitor)
    earlier = visitor.desk("text").shown
    visitor.upload("text-file", "note.txt", data)
    (message,) = visitor.errors()
    assert "Traceback" not in message and len(message) < 400
    assert visitor.desk("text").shown is earlier


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_file_in_any_usual_encoding(visitor, encoding):
    use_upload(visitor)
    visitor.upload("text-file", "note.txt", "Olé, crude oil – 30 cents".encode(encoding))
    assert visitor.desk("text").shown.text == "Olé, crude oil – 30 cents"


def test_a_link_restores_checkpoint_sample_and_masked_words(visitor):
    at = visitor.open("text", checkpoint="goemotions", sample="joy.txt", masked="1,4")
    desk = visitor.desk("text")
    assert desk.shown.provenance.checkpoint == "goemotions"
    assert [int(a) for a, _ in desk.shown.changed] == [1, 4]
    assert not np.array_equal(desk.shown.probabilities, desk.before.probabilities)
    assert any("masked" in m.value for m in at.markdown)
    assert at.query_params["masked"] == "1,4"
    assert not at.error


@pytest.mark.parametrize(
    "query",
    [
        {"checkpoint": "ravdess"},
        {"checkpoint": "<script>"},
        {"sample": "flat.flac"},
        {"sample": "joy.txt", "masked": "-1"},
        {"sample": "joy.txt", "masked": "1,999999"},
        {"corpus": "no-such", "item": "x"},
    ],
    ids=str,
)
def test_a_link_to_what_is_not_here_gets_a_sentence_and_still_shows_something(visitor, query):
    visitor.open("text", **query)
    assert len(visitor.errors()) == 1
    assert visitor.desk("text").shown is not None


def test_the_shown_text_can_be_edited(visitor):
    at = visitor.open("text", checkpoint="goemotions", sample="joy.txt")
    text = visitor.desk("text").shown.text
    next(b for b in at.button if b.label == "Edit this text").click()
    at = visitor.run()
    assert at.text_area("text-typed").value == text
    explain(visitor, text + " Hooray!")
    assert visitor.desk("text").shown.text == text + " Hooray!"


def test_switching_pages_loses_neither_result_nor_draft(visitor):
    use_typing(visitor)
    explain(visitor, "Crude oil rose.")
    visitor.at.text_area("text-typed").set_value("A draft that nobody explained yet")
    visitor.run()
    visitor.open("speech")
    at = visitor.open("text")
    assert visitor.desk("text").shown.text == "Crude oil rose."
    assert at.text_area("text-typed").value == "A draft that nobody explained yet"


def test_the_table_shows_the_weights_of_the_chosen_label(visitor):
    at = visitor.open("text")
    at.toggle("text-table").set_value(True)
    at = visitor.run()
    shown = visitor.desk("text").shown
    label = int(shown.ranking()[1])
    at.selectbox("text-table-label").set_value(label)
    (table,) = visitor.run().dataframe
    np.testing.assert_allclose(table.value["weight"], shown.attention[0].select(label=label))
