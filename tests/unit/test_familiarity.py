"""How unlike its corpus an input is: measured on a corpus, kept beside the network while that stays the same."""

import json

import numpy as np
import pytest

from models import checkpoints, familiarity
from models.__main__ import main
from models.familiarity import FILE, measure, read, spectrum_distance, too_many_unknown


def test_the_distance_is_the_mean_spectrum_in_deviations_without_padding():
    window = np.vstack([np.full((3, 4), 2.0), np.full((1, 4), 6.0), np.zeros((6, 4))]).astype(np.float32)
    assert spectrum_distance([window]) == pytest.approx(3)
    assert spectrum_distance([window, -window]) == pytest.approx(0)
    assert spectrum_distance([np.zeros((5, 4), np.float32)]) == 0


def test_unknown_words_are_counted_against_chance():
    rng, limit = np.random.default_rng(0), 0.1
    for words in (1, 3, 10, 300):
        drawn = rng.binomial(words, limit, 4000)
        assert np.mean([too_many_unknown(int(k), words, limit) for k in drawn]) <= 0.06
    assert too_many_unknown(60, 300, limit) and not too_many_unknown(1, 3, limit) and too_many_unknown(3, 3, limit)
    assert too_many_unknown(1, 1, 0.01) and not too_many_unknown(0, 5, 0.0) and not too_many_unknown(5, 5, 1.0)


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """The shelf with a copy of a text network."""
    target = tmp_path / "shelf" / "reuters"
    target.mkdir(parents=True)
    for file in checkpoints.files("reuters"):
        if file.name != FILE:
            (target / file.name).write_bytes(file.read_bytes())
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(target.parent))
    return target


def test_the_command_keeps_it_beside_the_network(shelf, tmp_path, capsys):
    words = ["wheat prices rose sharply", "wheat qqqx prices rose", "qqqx qqqy wheat rose", "oil prices fell"]
    rows = [{"id": i, "title": "", "text": words[i % 4], "topics": ["wheat"]} for i in range(40)]
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "labels.txt").write_text("wheat\n")
    assert main(["familiarity", "--checkpoint", "reuters", "--data", str(tmp_path)]) == 0
    checkpoint = checkpoints.load("reuters")
    kept = read(checkpoint)
    assert f"{kept.n} inputs (Reuters-21578" in capsys.readouterr().out and 0 < kept.n < 40
    assert 0 <= kept.median <= kept.limit <= kept.most <= 0.5 and kept.most in (0.0, 0.25, 0.5)
    assert json.loads((shelf / FILE).read_text())["checkpoint_hash"] == checkpoint.hash
    # Measuring is the same whoever asks.
    assert measure(checkpoint, tmp_path, kept.command) == kept


def test_what_is_damaged_or_of_another_network_counts_as_absent(shelf, tmp_path):
    checkpoint = checkpoints.load("reuters")
    assert read(checkpoint) is None
    body = {
        "format": familiarity.FORMAT, "format_version": 1, "checkpoint": "reuters",
        "checkpoint_hash": checkpoint.hash, "inputs": "some", "n": 10, "median": 0.0, "limit": 0.1, "most": 0.2,
        "command": "", "date": "2026-11-21", "version": "0",
    }  # fmt: skip
    (shelf / FILE).write_text(json.dumps(body))
    assert read(checkpoint).limit == 0.1
    nan = float("nan")
    for damage in (
        {"checkpoint_hash": "other"}, {"limit": "much"}, {"limit": nan}, {"format_version": 2}, {"n": None},
    ):  # fmt: skip
        (shelf / FILE).write_text(json.dumps(body | damage))
        assert read(checkpoint) is None
    (shelf / FILE).write_text("{")
    assert read(checkpoint) is None


def test_every_shipped_network_keeps_it():
    entries = [entry for entry in checkpoints.available() if entry.group != "own"]
    assert entries
    for entry in entries:
        kept = json.loads((entry.path / FILE).read_text(encoding="utf-8"))
        assert kept["checkpoint_hash"] == checkpoints.hash_of(entry.path), entry.name
        assert kept["n"] >= 200
