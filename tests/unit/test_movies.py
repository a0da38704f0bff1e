"""Reviews with people's marks: the reader, and our own three reviews."""

import json
from pathlib import Path

import numpy as np
import pytest

from models import datasets
from models.errors import InputError
from models.evaluation import documents
from models.frontend.tokenizer import tokenize
from models.recipes import RECIPES
from models.train_text import splits

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"
LABELS = ("negative", "positive")
REVIEW = {"id": "r1", "label": "POS", "tokens": ["it", "'s", "a", "gem", "."], "rationales": [[2, 4], [3, 5]]}


def line(**changes):
    return json.dumps(REVIEW | changes)


def test_tokens_are_joined_by_spaces_and_found_again_by_offsets():
    (item,) = datasets.marked_items(line() + "\n\n", LABELS, "test")
    assert item.text == "it 's a gem ."
    assert [item.text[a:b] for a, b in zip(item.starts, item.ends, strict=True)] == REVIEW["tokens"]
    assert item.labels == (1,) and item.name == "r1"
    assert item.marked.tolist() == [False, False, True, True, True]
    assert item.passages == ((2, 4), (3, 5))


@pytest.mark.parametrize(
    "bad, says",
    [
        ("{", "Line 2 of x.jsonl"),
        ("[]", "Line 2 of x.jsonl"),
        ("[" * 100_000, "Line 2 of x.jsonl"),
        (json.dumps({"id": "r1", "label": "POS", "rationales": []}), "tokens is missing"),
        (line(label="MEH"), "the label is 'MEH'"),
        (line(label=["POS"]), "the label is"),
        (line(tokens=[]), "tokens"),
        (line(tokens="gem"), "not strings"),
        (line(tokens=[1]), "not strings"),
        (line(rationales=[[4, 6]]), "does not lie within its 5 tokens"),
        (line(rationales=[[3, 3]]), "does not lie within"),
        (line(rationales=[[-1, 2]]), "does not lie within"),
        (line(rationales=[[0.0, 2]]), "does not lie within"),
        (line(rationales=[1]), "Line 2"),
    ],
)
def test_a_damaged_line_is_refused_by_its_number(bad, says):
    with pytest.raises(InputError, match="Line 2 of x.jsonl") as caught:
        datasets.marked_items(line() + "\n" + bad, LABELS, "x.jsonl")
    assert says in str(caught.value)


def test_an_empty_file_is_refused():
    with pytest.raises(InputError, match="no reviews"):
        datasets.marked_items(" \n", LABELS, "x.jsonl")


def test_training_leaves_out_the_validation_reviews(tmp_path):
    reviews = [line(id=name, label=label) for name, label in (("a", "POS"), ("b", "NEG"), ("c", "POS"))]
    (tmp_path / "train.jsonl").write_text("\n".join(reviews), encoding="utf-8")
    (tmp_path / "val.jsonl").write_text(reviews[1], encoding="utf-8")
    training, validation, labels = splits(RECIPES["movies"], tmp_path)
    assert [item.name for item in training] == ["a", "c"]
    assert [item.name for item in validation] == ["b"]
    assert labels == LABELS


def test_evaluation_tells_reviews_from_reuters_stories(tmp_path):
    (tmp_path / "val.jsonl").write_text(line(), encoding="utf-8")
    items, labels = documents(tmp_path, "val", LABELS)
    assert items[0].labels == (1,) and labels == LABELS
    with pytest.raises(InputError, match="negative or positive"):
        documents(tmp_path, "val", ("wheat", "corn"))


def test_our_own_reviews_are_marked_and_are_the_text_samples():
    items = datasets.marked_items((SAMPLES / "reviews.jsonl").read_text(encoding="utf-8"), LABELS, "reviews.jsonl")
    assert [item.name for item in items] == ["lighthouse", "heist", "school"]
    for item in items:
        text = (SAMPLES / f"review_{item.name}.txt").read_text(encoding="utf-8")
        tokens = [text[a:b] for a, b in zip(*tokenize(text), strict=True)]
        assert " ".join(tokens) == item.text
        assert 0.05 < np.mean(item.marked) < 0.3
