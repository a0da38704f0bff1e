"""Checkpoints: what is saved is what is loaded, and what is damaged or foreign is refused by name."""

import json
import shutil

import numpy as np
import pytest
import safetensors.numpy

from models import checkpoints
from models.errors import CheckpointError
from models.frontend.tokenizer import Vocabulary

WORDS = ("good", "bad", "\u2028", "é")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    config = {
        "title": "Two labels",
        "modality": "text",
        "task": "multi-label",
        "architecture": "label-attention",
        "hyperparameters": {
            "vocabulary_size": 6, "labels": 2, "embedding_dim": 4, "units": 3, "recurrent_layers": 1,
        },
        "frontend": {},
        "labels": ["yes", "no"],
        "thresholds": [0.5, 0.25],
        "stored_as_float16": ["embedding/embeddings"],
    }  # fmt: skip
    model = checkpoints.build(config)
    checkpoints.round_to_float16(model, config["stored_as_float16"])
    epochs = {"a.txt/label_attention": np.zeros((3, 2, 5), np.float16), "a.txt/probabilities": np.ones((3, 2))}
    history = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25, "validation_uar": 0.75}]
    checkpoints.save(
        folder / "tiny", config, model, card="# Tiny", history=history, epochs=epochs, vocabulary=Vocabulary(WORDS)
    )
    return folder, model


@pytest.fixture
def copy(saved, tmp_path, monkeypatch):
    """A copy of the saved checkpoint that a test may damage, in a root of its own."""
    shutil.copytree(saved[0] / "tiny", tmp_path / "tiny")
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(tmp_path))
    return tmp_path / "tiny"


def change_config(folder, **changes):
    file = folder / "config.json"
    config = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))


def test_what_is_saved_is_what_is_loaded(saved, copy):
    tokens = np.array([[2, 3, 4, 1]], np.int32)
    expected, maps = saved[1](tokens, return_attention=True)
    loaded = checkpoints.load("tiny")
    probabilities, loaded_maps = loaded.forward(tokens)
    np.testing.assert_allclose(probabilities, np.asarray(expected), atol=1e-6)
    np.testing.assert_allclose(loaded_maps["label_attention"], np.asarray(maps["label_attention"]), atol=1e-6)
    assert loaded.vocabulary.words == WORDS and loaded.labels == ("yes", "no")
    assert loaded.thresholds.tolist() == [0.5, 0.25]
    assert loaded.card == "# Tiny"
    assert loaded.history == [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25, "validation_uar": 0.75}]
    assert loaded.epoch_maps()["a.txt"]["label_attention"].shape == (3, 2, 5)


def test_saved_twice_in_one_process_still_loads(saved, copy):
    """Keras numbers unnamed layers through the process; the names in the file must not depend on it."""
    again = checkpoints.build(json.loads((copy / "config.json").read_text()))
    assert [v.path for v in again.weights] == [v.path for v in saved[1].weights]


def test_two_variables_of_one_name_are_refused_not_lost(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "_name", lambda variable: "same")
    with pytest.raises(ValueError, match="Two variables of the network are called same"):
        checkpoints.save(tmp_path / "x", {}, saved[1], card="", history=[])


def test_hash_follows_the_weights_not_the_card(copy):
    before = checkpoints.load("tiny").hash
    (copy / "card.md").write_text("# Other words")
    assert checkpoints.load("tiny").hash == before
    tensors = safetensors.numpy.load_file(copy / "weights.safetensors")
    tensors["label_attention/output_bias"] = tensors["label_attention/output_bias"] + 1
    safetensors.numpy.save_file(tensors, copy / "weights.safetensors")
    assert checkpoints.load("tiny").hash != before


def test_a_folder_without_extras_loads(copy):
    for name in ("card.md", "history.csv", "epochs.safetensors"):
        (copy / name).unlink()
    loaded = checkpoints.load("tiny")
    assert (loaded.card, loaded.history, loaded.epoch_maps()) == ("", [], {})


def test_a_path_loads_like_a_name(copy):
    assert checkpoints.load(copy).hash == checkpoints.load("tiny").hash


DAMAGE = {
    "no weights": (lambda f: (f / "weights.safetensors").unlink(), "weights.safetensors missing"),
    "no vocabulary": (lambda f: (f / "vocabulary.txt").unlink(), "vocabulary.txt"),
    "config cut": (lambda f: (f / "config.json").write_text('{"format": "ear'), "not readable JSON"),
    "config a list": (lambda f: (f / "config.json").write_text("[]"), "not an Earmark checkpoint"),
    "foreign": (lambda f: change_config(f, format="other"), "not an Earmark checkpoint"),
    "newer": (lambda f: change_config(f, format_version=99), "format version 99"),
    "unknown network": (lambda f: change_config(f, architecture="os.system"), "unknown architecture 'os.system'"),
    "no labels": (lambda f: change_config(f, labels=None), "lacks labels"),
    "empty labels": (lambda f: change_config(f, labels=[]), "lacks labels"),
    "thresholds": (lambda f: change_config(f, thresholds=[0.5]), "1 thresholds for 2 labels"),
    "weights cut": (
        lambda f: (f / "weights.safetensors").write_bytes((f / "weights.safetensors").read_bytes()[:-9]),
        "weights.safetensors cannot be read",
    ),
    "weights are a pickle": (lambda f: (f / "weights.safetensors").write_bytes(b"\x80\x04K\x01."), "cannot be read"),
    "other size": (
        lambda f: change_config(
            f,
            hyperparameters={"vocabulary_size": 9, "labels": 2, "embedding_dim": 4, "units": 3, "recurrent_layers": 1},
        ),
        "embedding/embeddings has shape (6, 4), the config asks for (9, 4)",
    ),
    "more layers": (
        lambda f: change_config(
            f,
            hyperparameters={"vocabulary_size": 6, "labels": 2, "embedding_dim": 4, "units": 3, "recurrent_layers": 2},
        ),
        "lacks bilstm_2",
    ),
    "unknown argument": (lambda f: change_config(f, hyperparameters={"evil": 1}), "damaged"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_and_foreign_folders_are_refused_by_name_with_the_reason(copy, how):
    damage, reason = DAMAGE[how]
    damage(copy)
    with pytest.raises(CheckpointError) as refusal:
        checkpoints.load("tiny")
    message = str(refusal.value)
    assert "“tiny”" in message and reason in message and "\n" not in message


def test_weights_that_are_no_numbers_are_refused(copy):
    tensors = safetensors.numpy.load_file(copy / "weights.safetensors")
    tensors["label_attention/queries"] = tensors["label_attention/queries"] * np.float32(np.nan)
    safetensors.numpy.save_file(tensors, copy / "weights.safetensors")
    with pytest.raises(CheckpointError, match="queries holds values that are not numbers"):
        checkpoints.load("tiny")


def test_the_list_names_healthy_ones_first_and_why_others_are_not(copy):
    shutil.copytree(copy, copy.parent / "a_broken")
    (copy.parent / "a_broken" / "config.json").write_text("{")
    (copy.parent / ".hidden").mkdir()
    listed = checkpoints.available()
    assert [entry.name for entry in listed] == ["tiny", "a_broken"]
    assert listed[0].problem is None and listed[0].title == "Two labels" and listed[0].modality == "text"
    assert "a_broken" in listed[1].problem
    assert [entry.name for entry in checkpoints.available("speech")] == ["a_broken"]


def test_an_unknown_name_lists_the_known_ones(copy):
    with pytest.raises(CheckpointError, match="no checkpoint “nope”. Known checkpoints: tiny"):
        checkpoints.load("nope")
