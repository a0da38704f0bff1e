"""Metrics against worked examples, and every corpus layout, whole or in part."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models import checkpoints, datasets
from models.errors import InputError
from models.evaluation import best_thresholds, encode, evaluate, speech_scores, text_scores

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"


def test_uar_is_the_mean_recall_of_the_labels_present():
    target = np.array([0, 0, 0, 1, 2])
    chosen = np.array([0, 0, 1, 1, 0])
    scores = speech_scores(target, np.eye(4)[chosen])
    assert scores == {"n": 5, "uar": pytest.approx((2 / 3 + 1 + 0) / 3), "accuracy": pytest.approx(0.6)}


def test_micro_and_macro_f1_of_a_worked_example():
    target = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0]])
    probabilities = np.array([[0.9, 0.6, 0.1], [0.4, 0.7, 0.1], [0.2, 0.8, 0.1]])
    scores = text_scores(target, probabilities, np.array([0.5, 0.5, 0.5]))
    # Label 0: precision 1, recall 1/2; label 1: precision 2/3, recall 1; label 2: never seen nor predicted.
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 0.8 + 0) / 3)
    assert scores["micro_f1"] == pytest.approx(2 * 3 / (2 * 3 + 1 + 1))


def test_a_probability_at_the_threshold_counts():
    assert text_scores(np.array([[1]]), np.array([[0.5]]), np.array([0.5]))["micro_f1"] == 1


def test_thresholds_find_the_cut_between_the_classes():
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, (400, 2))
    probabilities = np.where(target == 1, [0.35, 0.75], [0.15, 0.55]) + rng.uniform(-0.05, 0.05, (400, 2))
    own = best_thresholds(target, probabilities, "per-label")
    assert 0.2 <= own[0] <= 0.3 and 0.6 <= own[1] <= 0.7
    assert text_scores(target, probabilities, own)["micro_f1"] == 1
    common = best_thresholds(target, probabilities, "global")
    assert common[0] == common[1]


def corpus(folder, emotions=(1, 5, 8), actor=21):
    """A corpus folder of the layout, with our own clips in it."""
    (folder / f"Actor_{actor}").mkdir(parents=True)
    for emotion, name in zip(emotions, ("flat", "slow_and_low", "fast_and_high"), strict=True):
        shutil.copy(SAMPLES / f"{name}.flac", folder / f"Actor_{actor}" / f"03-01-{emotion:02d}-01-01-01-{actor}.flac")
    return folder


def test_clips_in_any_depth_flac_or_wav_linked_or_not(tmp_path):
    folder = corpus(tmp_path / "real")
    samples, rate = soundfile.read(folder / "Actor_21" / "03-01-01-01-01-01-21.flac")
    soundfile.write(folder / "03-01-02-01-01-01-22.wav", samples, rate)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "Actor_21").symlink_to(folder / "Actor_21")
    items = datasets.ravdess(folder)
    assert [(item.label, item.speaker) for item in items] == [(1, 22), (0, 21), (4, 21), (7, 21)]
    assert len(datasets.ravdess(tmp_path / "links")) == 3


def test_speech_checkpoint_is_scored_as_the_app_predicts(tmp_path):
    checkpoint = checkpoints.load("ravdess")
    from models.explain import explain_clip

    folder = corpus(tmp_path)
    seen = []
    scores = evaluate(checkpoint, folder, progress=lambda done, total: seen.append((done, total)))
    items = datasets.ravdess(folder)
    own = np.stack([explain_clip(checkpoint, item.path.read_bytes()).probabilities for item in items])
    assert scores == speech_scores(np.array([item.label for item in items]), own)
    assert scores["n"] == 3 and seen[-1][0] == seen[-1][1]


def test_text_checkpoint_is_scored_on_a_single_split_without_labels_file(tmp_path):
    stories = [
        {"id": 1, "title": "WHEAT UP", "text": "Wheat prices rose in Chicago.", "topics": ["grain", "wheat"]},
        {"id": 2, "title": "EMPTY", "text": "", "topics": ["earn"]},
    ]
    (tmp_path / "test.jsonl").write_text("\n".join(json.dumps(s) for s in stories) + "\n")
    checkpoint = checkpoints.load("reuters")
    alone = evaluate(checkpoint, tmp_path)
    assert evaluate(checkpoint, tmp_path / "test.jsonl") == alone
    assert alone["n"] == 2 and 0 <= alone["macro_f1"] <= alone["micro_f1"] <= 1
    (tmp_path / "labels.txt").write_text("\n".join(checkpoint.labels) + "\n")
    assert evaluate(checkpoint, tmp_path) == alone


def test_goemotions_layout(tmp_path):
    (tmp_path / "dev.tsv").write_text('I love it, thank "you"!\t15,18\tabc\nHm\t27\tdef\n', encoding="utf-8")
    scores = evaluate(checkpoints.load("goemotions"), tmp_path)
    assert scores["n"] == 2 and scores["micro_f1"] > 0


def test_what_cannot_be_scored_is_refused_with_a_sentence(tmp_path):
    speech, topics = checkpoints.load("ravdess"), checkpoints.load("reuters")
    with pytest.raises(InputError, match="holds no RAVDESS clips"):
        evaluate(speech, tmp_path)
    with pytest.raises(InputError, match="neither Reuters"):
        evaluate(topics, tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        evaluate(topics, tmp_path / "missing")
    for split in ("train", "dev"):
        (tmp_path / f"{split}.jsonl").write_text("")
    with pytest.raises(InputError, match="has the splits dev, train, but no “test”"):
        evaluate(topics, tmp_path)
    (tmp_path / "03-01-09-01-01-01-21.wav").write_bytes(b"")
    with pytest.raises(InputError, match="is not named as RAVDESS"):
        evaluate(speech, tmp_path)


def test_an_empty_document_is_one_unknown_word():
    assert encode(checkpoints.load("reuters").vocabulary, " \n").tolist() == [1]
