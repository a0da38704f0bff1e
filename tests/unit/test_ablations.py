"""What each means of training pays: recipes with one thing changed, and the table of what came of them."""

import dataclasses
import io
import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile

from benchmarks.ablations import BASE, KEPT, collect, table
from models import checkpoints, datasets
from models.__main__ import main
from models.errors import InputError
from models.recipes import ABLATIONS, COMPARED
from models.train_speech import fit, load_corpus


def hum(seconds, hertz):
    buffer = io.BytesIO()
    time = np.arange(int(seconds * 16000)) / 16000
    samples = 0.1 * np.sin(2 * np.pi * hertz * time) + np.random.default_rng(0).normal(0, 0.01, len(time))
    soundfile.write(buffer, samples, 16000, format="WAV")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """Two actors of RAVDESS with an emotion each kind, and three clips of EMO-DB, one of them bored."""
    ravdess, emodb = tmp_path_factory.mktemp("ravdess"), tmp_path_factory.mktemp("emodb") / "wav"
    emodb.mkdir()
    for actor in (1, 5):
        for emotion in range(1, 9):
            name = f"03-01-{emotion:02}-01-01-01-{actor:02}.wav"
            (ravdess / name).write_bytes(hum(0.3 + 0.02 * emotion, 100 * emotion))
    for name in ("03a01Fa", "16b10Wb", "08a02La", "notes"):
        (emodb / f"{name}.wav").write_bytes(hum(0.4, 440))
    return ravdess, emodb.parent


def small(name, **changes):
    return dataclasses.replace(
        ABLATIONS[name],
        hyperparameters={"units": 2, "recurrent_dropout": 0.0, "step_frames": 8},
        batch_size=4,
        **changes,
    )


@pytest.mark.parametrize("name", ABLATIONS)
def test_one_thing_is_changed(name):
    base, own = COMPARED[BASE], ABLATIONS[name]
    differ = [
        field.name
        for field in dataclasses.fields(own)
        if field.name not in ("name", "title", "order") and getattr(own, field.name) != getattr(base, field.name)
    ]
    assert len(differ) == 1 and own.name == name and own.title.startswith(base.title)


def test_emodb_is_read_with_the_emotions_of_ravdess(corpora):
    found = [
        (item.path.stem, datasets.RAVDESS_EMOTIONS[item.label], item.speaker) for item in datasets.emodb(corpora[1])
    ]
    assert found == [("03a01Fa", "happy", 3), ("16b10Wb", "angry", 16)]
    with pytest.raises(InputError, match="holds no EMO-DB clips .* as 03a01Fa.wav"):
        datasets.emodb(corpora[0])


def test_a_second_corpus_is_learned_from_and_not_scored(corpora, tmp_path, monkeypatch, capsys):
    name = "bilstm-query-emodb"
    monkeypatch.setitem(ABLATIONS, name, small(name))
    monkeypatch.setattr("models.__main__._samples", lambda recipe: {})
    seen = []
    original = keras.Model.fit
    monkeypatch.setattr(
        keras.Model, "fit", lambda self, data, **other: seen.extend(data) or original(self, data, **other)
    )
    command = ["compare-train", name, "--data", str(corpora[0]), "--out", str(tmp_path / "out"), "--epochs", "1"]
    monkeypatch.setattr(sys, "argv", ["models", *command])
    assert main(command) == 1
    assert "name its folder with --beside" in capsys.readouterr().err
    assert main([*command, "--beside", str(corpora[1])]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (
        result["n"] == 8 and result["recipe"] == name and result["split"] == "trained on actors 5, scored on actors 1"
    )
    assert sum(len(batch[0]) for batch in seen) == 8 + 2
    # The stored mean is RAVDESS' own.
    items, variants = load_corpus(ABLATIONS[name], corpora[0])
    spec = checkpoints.load(tmp_path / "out").frontend.log_mel
    own = np.concatenate([spec.decibel(row[0]) for row, item in zip(variants, items, strict=True) if item.speaker == 5])
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    np.testing.assert_allclose(config["frontend"]["mean"], own.mean(axis=0), atol=1e-3)


def test_another_recipe_refuses_a_second_corpus(corpora, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("models.__main__._samples", lambda recipe: {})
    command = ["compare-train", BASE, "--data", str(corpora[0]), "--out", str(tmp_path / "out")]
    assert main([*command, "--beside", str(corpora[1])]) == 1
    assert "leave --beside out" in capsys.readouterr().err


def test_averaged_weights_are_the_moving_average_of_all_updates(corpora):
    """Kept by a callback of its own after each update, and compared with what training leaves in the network."""
    items, variants = load_corpus(small("bilstm-query-averaged"), corpora[0])
    share, mean = 0.7, []

    class Follow(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            now = [np.array(v) for v in self.model.trainable_weights]
            mean[:] = now if not mean else [share * m + (1 - share) * n for m, n in zip(mean, now, strict=True)]

    original = keras.Model.fit

    def followed(self, *arguments, callbacks, **other):
        return original(self, *arguments, callbacks=[*callbacks, Follow()], **other)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Model, "fit", followed)
        recipe = small("bilstm-query-averaged", averaged=share)
        _, model, _ = fit(recipe, items, variants, seed=1, epochs=2, report=lambda line: None)
    for weights, expected in zip(model.trainable_weights, mean, strict=True):
        np.testing.assert_allclose(np.array(weights), expected, atol=1e-6)


def test_runs_are_kept_once_and_a_difference_within_the_spreads_is_none(tmp_path):
    kept = tmp_path / "kept.json"
    runs = (("mixup", 1, 0.50), ("mixup", 1, 0.68), ("mixup", 2, 0.66), ("speeds", 2, 0.55), ("averaged", 3, 0.62))
    for name, seed, uar in runs:
        folder = tmp_path / "runs" / f"{name}-{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        result = {"recipe": f"bilstm-query-{name}", "seed": seed, "uar": uar}
        (folder / "results.json").write_text(json.dumps(result))
        collect(tmp_path / "runs", kept)
    results = json.loads(kept.read_text())
    assert len(results) == 4
    base = [{"seed": 1, "uar": 0.60}, {"seed": 2, "uar": 0.62}, {"seed": 3, "uar": 0.61}]
    rows = dict(line.strip("| ").split(" | ", 1) for line in table(base, results).split("\n")[2:])
    assert rows == {
        "nothing": "3 | 0.610 ± 0.010",
        "with mixup": "2 | 0.670 ± 0.014 | +0.060 | yes",
        "with changed speeds": "1 | 0.550 | -0.060 | no, it harms",
        "with averaged weights": "1 | 0.620 | +0.010 | no difference",
    }


def test_the_table_in_readme_is_the_one_the_command_prints():
    base = json.loads((checkpoints.root() / BASE / "results.json").read_text(encoding="utf-8"))
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert table(base, json.loads(KEPT.read_text(encoding="utf-8"))) in readme
