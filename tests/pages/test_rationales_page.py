"""The page of people's marks: our own reviews at once, a visitor's file, and every way a file can be wrong."""

import json

import pytest

from models import corpora, plausibility_kept
from models.rationales import TITLES


def review(**changes):
    body = {"id": "mine", "label": "POS", "tokens": ["a", "<b>gem</b>", "of", "a", "film"], "rationales": [[1, 2]]}
    return json.dumps(body | changes)


def texts(at):
    return " ".join(m.value for m in at.markdown)


def choose(visitor, source):
    at = visitor.open("rationales")
    at.segmented_control("rationales-source").set_value(source)
    return visitor.run()


def test_our_own_reviews_are_there_at_once_with_both_kinds_of_marks(visitor):
    at = visitor.open("rationales")
    assert not at.error
    assert "People call this review positive" in texts(at)
    assert "top words people marked" in texts(at)
    measures, passages, words, over_all = (frame.value for frame in at.dataframe)
    assert "AUPRC" in set(measures["measure"])
    assert "it is told with great care" in set(passages["people marked"])
    assert passages["words"].sum() >= words["marked by people"].sum()
    # What was measured over the whole collection stands below, chance included.
    assert over_all["marks of"].tolist() == list(TITLES.values())
    best, chance = (over_all.set_index("marks of").loc[title, "Token F1"] for title in ("Attention", "Random scores"))
    assert float(best.split()[0]) > 2 * float(chance.split()[0]) and " to " in best
    assert any("200 reviews of the validation split" in caption.value for caption in at.caption)


def test_figures_of_another_network_are_not_shown(visitor, monkeypatch):
    monkeypatch.setattr(plausibility_kept, "read", lambda checkpoint: None)
    assert len(visitor.open("rationales").dataframe) == 3


def test_another_witness_gives_other_words(visitor):
    at = visitor.open("rationales")
    before = at.dataframe[2].value
    at.segmented_control("rationales-witness").set_value("gradient-input")
    at = visitor.run()
    assert not at.error
    assert len(at.dataframe[2].value) == len(before)
    assert not at.dataframe[2].value.equals(before)


def test_a_visitors_file_is_read_and_its_words_are_words(visitor):
    choose(visitor, "file")
    at = visitor.upload("rationales-file", "mine.jsonl", review().encode())
    assert not at.error
    assert at.dataframe[1].value["people marked"].tolist() == ["<b>gem</b>"]


def test_a_review_without_marks_is_shown_and_says_so(visitor):
    choose(visitor, "file")
    at = visitor.upload("rationales-file", "mine.jsonl", (review(rationales=[]) + "\n" + review()).encode())
    assert not at.error
    assert "nothing to compare with" in texts(at)


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "empty"),
        (b"\x00\x01\xff", "plain text"),
        (b"hello", "Line 1 of mine.jsonl"),
        (review(label="?").encode(), "the label is"),
        (review(rationales=[[3, 9]]).encode(), "does not lie within"),
        (review(tokens=[" "], rationales=[]).encode(), "no words"),
    ],
)
def test_a_wrong_file_gets_one_sentence(visitor, data, says):
    choose(visitor, "file")
    visitor.upload("rationales-file", "mine.jsonl", data)
    assert len(visitor.errors()) == 1 and says in visitor.errors()[0].replace("\\", "")


def test_without_the_corpus_the_page_says_where_it_comes_from(visitor, monkeypatch, tmp_path):
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path))
    at = choose(visitor, "corpus")
    assert not at.error and "is not on this computer yet" in texts(at)


def test_the_corpus_on_the_disk_is_used(visitor, monkeypatch, tmp_path):
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path))
    (tmp_path / "movies").mkdir()
    (tmp_path / "movies" / "val.jsonl").write_text(review(id="v1"), encoding="utf-8")
    assert corpora.is_installed("movies")
    at = choose(visitor, "corpus")
    assert not at.error
    assert any("validation reviews" in c.value for c in at.caption)
