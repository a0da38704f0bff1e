"""The compared systems: what each promises of its answer and its map, saved, loaded and explained."""

import dataclasses
import io
import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile

from models import checkpoints, familiarity
from models.__main__ import main
from models.errors import InputError
from models.explain import explain_clip, explain_text
from models.explanation import Explanation
from models.frontend.tokenizer import Vocabulary
from models.recipes import COMPARED, RECIPES
from models.registry import NAMES
from models.subjects import subject
from models.train_compared import collect
from models.training import StopAt, pad, predict

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"
BANDS = 8
WORDS = ("wheat", "rose", "a", "lot", "today")
SPEECH = {
    "bilstm-last": {},
    "bilstm-mean": {},
    "bilstm-keras-attention": {"score_mode": "concat"},
    "bilstm-query": {"attention_units": 3},
    "bilstm-raffel": {"bias_steps": 2},
    "bilstm-hops": {"attention_units": 3, "hops": 2},
    "bilstm-per-step": {"use_causal_mask": True},
    "mha-bilstm": {"num_heads": 2, "key_dim": 3},
}
RCNN = {"embedding_dim": 4, "units": 3, "filters": 3}
TEXT = {
    "rcnn": RCNN,
    "rcnn-one-step": RCNN,
    "rcnn-attention": RCNN | {"embedding_trainable": False},
    "mha-residual": {"embedding_dim": 4, "units": 3, "num_heads": 2, "key_dim": 3},
}
WHISPER = {"size": 8, "heads": 2, "hidden": 6, "attention_units": 3}
SHIPPED = {"whisper-speech": WHISPER}  # an architecture that is not among the compared ones
SYSTEMS = SPEECH | TEXT


def config_of(name, **changes):
    common = {"title": name, "architecture": name, "thresholds": None}
    if name in TEXT:
        sizes = {"vocabulary_size": 2 + len(WORDS), "labels": 3}
        labels = {"modality": "text", "task": "multi-label", "labels": ["x", "y", "z"], "thresholds": [0.5] * 3}
        return common | labels | {"hyperparameters": sizes | TEXT[name] | changes, "frontend": {}}
    return common | {
        "modality": "speech",
        "task": "per-step" if name == "bilstm-per-step" else "single-label",
        "labels": ["x", "y", "z"],
        "hyperparameters": {"labels": 3, "bands": BANDS, "units": 3} | (SPEECH | SHIPPED)[name] | changes,
        "frontend": {
            "log_mel": {"sample_rate": 16000, "bands": BANDS, "fft": 512},
            "mean": [-20.0] * BANDS,
            "deviation": [10.0] * BANDS,
            "window_seconds": 1.0,
            "window_hop_seconds": 0.5,
        },
    }


def shaken(model, seed=0):
    """Fresh biases and statistics (all 0 and 1) would hide what they do."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        noise = rng.normal(0, 0.3, variable.shape)
        variable.assign(np.abs(noise) + 0.5 if "variance" in variable.path else np.asarray(variable) + noise)
    return model


class _Made(dict):
    """Values made when first asked for: an LSTM called outside a graph takes its time."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def __missing__(self, name):
        self[name] = self.make(name)
        return self[name]


@pytest.fixture(scope="module")
def networks():
    """Every system by name."""
    return _Made(lambda name: shaken(checkpoints.build(config_of(name))))


@pytest.fixture(scope="module")
def answers(networks):
    """By a system's name: what it says of its batch, and of each row alone."""

    def answer(name):
        batch, rows = inputs_of(name)
        together, *alone = (networks[name](x, return_attention=True) for x in (batch, *(row[None] for row in rows)))
        return together, alone

    return _Made(answer)


def inputs_of(name, lengths=(16, 8)):
    """Rows, and their batch, which is longer than the longest needs."""
    rng = np.random.default_rng(5)
    if name in TEXT:
        rows = [rng.integers(1, 2 + len(WORDS), n // 4 + 1).astype(np.int32) for n in lengths]
    else:
        rows = [rng.normal(size=(n, BANDS)).astype(np.float32) for n in lengths]
    return np.pad(pad(rows), ((0, 0), (0, 4)) + ((0, 0),) * (rows[0].ndim - 1)), rows


def test_every_system_is_registered_and_has_a_recipe():
    assert set(SYSTEMS) | {"attentive-speech", "whisper-speech", "label-attention"} == set(NAMES)
    assert set(SYSTEMS) <= {recipe.architecture for recipe in COMPARED.values()}
    assert not set(COMPARED) & set(RECIPES)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_batch_with_padding_answers_like_each_row_alone(name, answers):
    (together, maps), alone = answers[name]
    for i, (probabilities, own) in enumerate(alone):
        np.testing.assert_allclose(np.asarray(together)[i], np.asarray(probabilities)[0], atol=1e-5)
        for key, weights in own.items():
            weights = np.asarray(weights)[0]
            padded = np.asarray(maps[key])[i]
            np.testing.assert_allclose(padded[tuple(slice(0, n) for n in weights.shape)], weights, atol=1e-5)
            assert padded.sum() == pytest.approx(weights.sum(), abs=1e-4)


@pytest.mark.parametrize("name", SYSTEMS)
def test_maps_are_what_the_network_says_of_them(name, networks, answers):
    model = networks[name]
    batch, rows = inputs_of(name)
    probabilities, maps = answers[name][1][1]
    assert set(maps) == set(model.attention_axes) == set(model.attention_descriptions)
    for key, weights in maps.items():
        assert len(weights.shape) == 1 + len(model.attention_axes[key])
        np.testing.assert_allclose(np.asarray(weights).sum(axis=-1), 1, atol=1e-5)
    assert np.array_equal(np.asarray(probabilities), np.asarray(model(rows[1][None])))
    if name in SPEECH:
        np.testing.assert_allclose(np.asarray(probabilities).sum(), 1, atol=1e-5)
    # An input of nothing but padding is an answer too, not a NaN.
    nothing, maps = model(np.zeros_like(batch[:1, :4]), return_attention=True)
    assert np.isfinite(np.asarray(nothing)).all() and all(np.isfinite(np.asarray(w)).all() for w in maps.values())


@pytest.mark.parametrize("name", SYSTEMS)
def test_read_encode_and_attend_make_the_answer(name, networks, answers):
    model = networks[name]
    row = inputs_of(name)[1][1][None]
    expected, maps = answers[name][1][1]
    states, mask = model.encode(model.embed(row), model.valid(row))
    if not maps:
        probabilities, weights = model.attend(states, mask)
        assert weights is None
        np.testing.assert_allclose(np.asarray(probabilities), np.asarray(expected), atol=1e-6)
        return
    (own,) = maps.values()
    again, _ = model.attend(states, mask, attention_weights=own)
    np.testing.assert_allclose(np.asarray(again), np.asarray(expected), atol=1e-5)
    other, _ = model.attend(states, mask, attention_weights=np.zeros(own.shape, np.float32))
    assert not np.allclose(np.asarray(other), np.asarray(expected), atol=1e-6)


def noise(seconds):
    buffer = io.BytesIO()
    samples = np.random.default_rng(2).normal(0, 0.1, int(seconds * 16000)) * np.linspace(0.5, 1, int(seconds * 16000))
    soundfile.write(buffer, samples, 16000, format="WAV")
    return buffer.getvalue()


@pytest.mark.parametrize("name", SYSTEMS)
def test_saved_loaded_bit_for_bit_and_explained(name, networks, answers, tmp_path):
    model, config = networks[name], config_of(name)
    vocabulary = Vocabulary(WORDS) if name in TEXT else None
    checkpoints.save(tmp_path / name, config, model, card="", history=[], vocabulary=vocabulary)
    loaded = checkpoints.load(tmp_path / name)
    assert loaded.model.get_config() == model.get_config()
    batch, _ = inputs_of(name)
    expected, maps = answers[name][0]
    probabilities, loaded_maps = loaded.model(batch, return_attention=True)
    np.testing.assert_array_equal(np.asarray(probabilities), np.asarray(expected))
    for key, weights in maps.items():
        np.testing.assert_array_equal(np.asarray(loaded_maps[key]), np.asarray(weights))

    if name in TEXT:
        explanation = explain_text(loaded, "Wheat rose a lot today.\nToday")
    else:
        explanation = explain_clip(loaded, noise(0.6), name="noise.wav")
        _check_long_clip(name, loaded)
    assert [m.name for m in explanation.attention] == list(model.attention_axes)
    for map_ in explanation.attention:
        assert map_.axes == model.attention_axes[map_.name]
        np.testing.assert_allclose(map_.weights.sum(axis=-1), 1, atol=1e-5)
    assert explanation.task == config["task"]
    assert Explanation.from_json(explanation.to_json()).to_json() == explanation.to_json()
    if name == "bilstm-per-step":
        _check_track(explanation)
    if name == "rcnn-one-step":  # one weight for the whole text: drawn even over its 7 words and signs
        np.testing.assert_allclose(explanation.attention[0].weights, 1 / 7, atol=1e-6)
        assert "single step" in explanation.attention[0].description


def _check_long_clip(name, checkpoint):
    explanation = explain_clip(checkpoint, noise(2.3))
    if name == "bilstm-per-step":
        _check_track(explanation, several=True)
    else:
        assert len(explanation.windows) == 4 and explanation.track is None
    for map_ in explanation.attention:
        # A step of one window never looked at a step of another.
        assert "query" not in map_.axes
        assert ("average over the looking steps" in map_.description) == (
            "query" in checkpoint.model.attention_axes[map_.name]
        )
        np.testing.assert_allclose(map_.weights.sum(axis=-1), 1, atol=1e-5)


def _check_track(explanation, several=False):
    track, runs = explanation.track, explanation.windows
    assert track.shape == (len(explanation.units), 3)
    np.testing.assert_allclose(track.sum(axis=1), 1, atol=1e-5)
    # Several windows count by their voiced frames, so their mean is not quite the track's.
    np.testing.assert_allclose(track.mean(axis=0), explanation.probabilities, atol=0.05 if several else 1e-5)
    assert runs[0].start == explanation.units.starts[0] and runs[-1].end == explanation.units.ends[-1]
    assert [run.start for run in runs[1:]] == [run.end for run in runs[:-1]]
    best = track.argmax(axis=1)
    for run in runs:
        inside = (explanation.units.starts >= run.start - 1e-9) & (explanation.units.ends <= run.end + 1e-9)
        assert set(best[inside]) == {int(run.probabilities.argmax())}


def test_per_step_answer_is_the_mean_of_its_steps_and_causal_looks_back_only(networks, answers):
    model = networks["bilstm-per-step"]
    _, rows = inputs_of("bilstm-per-step")
    probabilities, maps = answers["bilstm-per-step"][1][0]
    track = np.asarray(model.track(rows[0][None]))
    np.testing.assert_allclose(track.mean(axis=1), np.asarray(probabilities), atol=1e-6)
    weights = np.asarray(maps["self_attention"])[0]
    assert (np.triu(weights, 1) == 0).all() and (np.tril(weights) > 0).sum() == 10


def test_one_step_attention_has_weight_1_on_any_text_and_cannot_matter(networks):
    model = networks["rcnn-one-step"]
    without = checkpoints.build(config_of("rcnn-one-step", use_attention=False))
    without.set_weights(model.get_weights())
    rng = np.random.default_rng(9)
    for words in (1, 8):
        tokens = rng.integers(1, 2 + len(WORDS), (4, words)).astype(np.int32)
        probabilities, maps = model(tokens, return_attention=True)
        assert tuple(maps["one_step"].shape) == (4, 1)
        np.testing.assert_allclose(np.asarray(maps["one_step"]), 1, atol=1e-6)
        np.testing.assert_allclose(np.asarray(without(tokens)), np.asarray(probabilities), atol=1e-5)
        assert np.ptp(np.asarray(probabilities)) > 0.01


def test_as_answered_the_fifth_block_makes_blocks_two_to_four_useless():
    tokens = inputs_of("mha-residual")[1][1][None]
    for first, matters in ((True, False), (False, True)):
        model = shaken(checkpoints.build(config_of("mha-residual", fifth_reads_first=first)))
        before = np.asarray(model(tokens))
        for block in (1, 2, 3):
            kernel = model.convolutions[block].kernel
            kernel.assign(np.asarray(kernel) + 1)
        assert np.allclose(np.asarray(model(tokens)), before, atol=1e-6) != matters


def test_l1_is_added_to_the_loss_and_kernels_at_zero_make_even_maps(networks):
    model = networks["mha-residual"]
    kernels = [v for v in model.attention.trainable_variables if v.path.endswith("kernel")] + [model.classifier.kernel]
    assert len(kernels) == 5
    expected = sum(0.1 * np.abs(np.asarray(kernel)).sum() for kernel in kernels)
    assert sum(float(loss) for loss in model.losses) == pytest.approx(expected, rel=1e-4)
    other = checkpoints.build(config_of("mha-residual", l1=0.0))
    assert other.losses == []
    for variable in other.attention.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    _, maps = other(np.array([[2, 3, 4, 5]], np.int32), return_attention=True)
    np.testing.assert_allclose(np.asarray(maps["multi_head"]), 0.25, atol=1e-6)


def test_a_text_too_long_to_compare_each_word_with_each_is_refused(networks, tmp_path):
    model = networks["mha-residual"]
    checkpoints.save(
        tmp_path / "mha", config_of("mha-residual"), model, card="", history=[], vocabulary=Vocabulary(WORDS)
    )
    with pytest.raises(InputError, match="3,001 words and signs; “mha-residual” .* at most 3,000"):
        explain_text(checkpoints.load(tmp_path / "mha"), "wheat " * 3001)


def test_long_rows_are_predicted_a_few_at_a_time_and_no_different():
    class Counting:
        longest = 3000
        sizes = []

        def predict_on_batch(self, batch):
            self.sizes.append(batch.shape)
            return batch.sum(axis=1, keepdims=True).astype(np.float32)

    rows = [np.full(n, 1, np.int32) for n in (2500, 10, 2000, 20)]
    np.testing.assert_array_equal(predict(Counting(), rows)[:, 0], [2500, 10, 2000, 20])
    assert sum(shape[0] for shape in Counting.sizes) == 4
    assert all(n == 1 or n * steps**2 <= 4_000_000 for n, steps in Counting.sizes)


# The thread's two mistakes.


def test_binary_accuracy_flatters_a_network_that_knows_nothing():
    """Why its curve looked well: with eight labels, saying nothing at all is right seven times in eight."""
    truth, nothing = np.eye(8, dtype=np.float32), np.full((8, 8), 1 / 8, np.float32)
    flattering = keras.metrics.BinaryAccuracy()
    flattering.update_state(truth, nothing)
    assert float(flattering.result()) == 0.875
    binary, categorical = (float(np.mean(loss(truth, nothing))) for loss in (
        keras.losses.binary_crossentropy, keras.losses.categorical_crossentropy
    ))  # fmt: skip
    assert binary < 0.4 and categorical == pytest.approx(np.log(8), rel=1e-5)
    assert COMPARED["bilstm-last-binary-loss"].loss == "binary_crossentropy"
    assert COMPARED["bilstm-last"].loss == "categorical_crossentropy"


@pytest.fixture(scope="module")
def tiny_ravdess(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ravdess")
    for actor in (1, 5):
        for emotion in range(1, 9):
            name = f"03-01-{emotion:02}-01-01-01-{actor:02}.wav"
            (folder / name).write_bytes(noise(0.3 + 0.05 * emotion))
    return folder


def test_a_stop_rule_that_reads_acc_never_fires(tiny_ravdess, tmp_path, monkeypatch, capsys):
    """Asked to stop at an accuracy of 0 it goes on to the end; the same rule that reads `accuracy` stops at once."""
    recipe = "bilstm-last-stop-acc"
    small = {"units": 2, "recurrent_dropout": 0.0}
    changed = dataclasses.replace(COMPARED[recipe], hyperparameters=small, stop_value=0.0, batch_size=4)
    monkeypatch.setitem(COMPARED, recipe, changed)
    monkeypatch.setattr("models.__main__._samples", lambda recipe: {})  # the film is tested elsewhere
    monkeypatch.setattr(sys, "argv", ["models", "compare-train", recipe])
    out = tmp_path / "out"
    command = ["compare-train", recipe, "--data", str(tiny_ravdess), "--out", str(out), "--epochs", "2", "--seed", "3"]
    assert main(command) == 0
    result = json.loads((out / "results.json").read_text())
    assert json.loads(capsys.readouterr().out) == result
    assert result["epochs"] == 2 and result["n"] == 8
    loaded = checkpoints.load(out)
    # How its corpus looks is kept with it, and is what the alarm works out for the same clips.
    kept = familiarity.read(loaded)
    explained = [explain_clip(loaded, file.read_bytes()) for file in sorted(tiny_ravdess.glob("*.wav"))]
    off = [familiarity.spectrum_distance(subject(loaded, clip).untouched()) for clip in explained]
    assert kept.n == 16 and (kept.median, kept.most) == pytest.approx((np.median(off), max(off)), abs=1e-3)
    assert result["architecture"] == "bilstm-last" and result["recipe"] == recipe and result["seed"] == 3
    assert result["parameters"] == loaded.model.count_params() and result["milliseconds"] > 0
    assert 0 <= result["uar"] <= 1 and result["command"] == f"python -m models compare-train {recipe}"
    assert result["split"] == "trained on actors 5, scored on actors 1"
    assert "no attention at all" in loaded.card and "guessing" in loaded.card.lower()
    # What Keras logged in that run, read by the rule as it was meant.
    logs = loaded.history[0]
    assert "accuracy" in logs and "acc" not in logs
    for name, stops in ((recipe, False), ("bilstm-last-stop-accuracy", True)):
        rule = StopAt(COMPARED[name].stop_metric, 0.0)
        rule.set_model(loaded.model)
        loaded.model.stop_training = False
        rule.on_epoch_end(0, logs)
        assert loaded.model.stop_training is stops


def test_a_text_system_is_trained_and_scored(tmp_path, monkeypatch, capsys):
    rows = [{"id": i, "title": "WHEAT", "text": "rose today", "topics": ["wheat"]} for i in range(12)]
    rows += [{"id": i, "title": "GOLD", "text": "fell a lot", "topics": ["gold"]} for i in range(12)]
    for split in ("train", "test"):
        (tmp_path / f"{split}.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "labels.txt").write_text("wheat\ngold\n")
    small = {"units": 2, "filters": 2, "embedding_dim": 4}
    monkeypatch.setitem(
        COMPARED, "rcnn-one-step", dataclasses.replace(COMPARED["rcnn-one-step"], hyperparameters=small)
    )
    monkeypatch.setattr("models.__main__._samples", lambda recipe: {})
    out = tmp_path / "out"
    assert main(["compare-train", "rcnn-one-step", "--data", str(tmp_path), "--out", str(out), "--epochs", "1"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["n"] == 24 and result["split"] == "reuters, test" and 0 <= result["micro_f1"] <= 1
    bias = np.asarray(checkpoints.load(out).model.output_bias)
    assert np.abs(bias).max() < 0.2  # half of the documents have each label


def test_a_system_ships_once_with_the_figures_of_all_seeds(tmp_path, capsys):
    runs, out = tmp_path / "runs", tmp_path / "out"
    for name, seed, uar in (("a", 2, 0.5), ("a", 10, 0.7), ("b", 1, 0.6)):
        folder = runs / f"{name}-{seed}"
        folder.mkdir(parents=True)
        (folder / "weights.safetensors").write_text(f"{name} {seed}")
        (folder / "results.json").write_text(json.dumps({"recipe": name, "seed": seed, "uar": uar}))
        (folder / "card.md").write_text(f"Seed {seed}.\n\n## Intended use and limits\n\nNone.\n")
    (runs / "unfinished-1").mkdir()
    (out / "a").mkdir(parents=True)
    (out / "a" / "of_before").touch()
    assert main(["compare-collect", "--runs", str(runs), "--out", str(out)]) == 0
    assert capsys.readouterr().out == "a: seeds 2, 10\nb: seed 1\n"
    assert (out / "a" / "weights.safetensors").read_text() == "a 2" and not (out / "a" / "of_before").exists()
    assert [r["uar"] for r in json.loads((out / "a" / "results.json").read_text())] == [0.5, 0.7]
    card = (out / "a" / "card.md").read_text()
    assert card.startswith(
        "Seed 2.\n\n## Over seeds\n\n| seed | UAR |\n| ---: | ---: |\n| 2 | 0.5000 |\n| 10 | 0.7000 |\n"
    )
    assert "Mean UAR 0.600 ± 0.141 (standard deviation). The weights here are those of seed 2.\n\n## Intended" in card
    assert "Mean UAR 0.600. The weights here are those of seed 1." in (out / "b" / "card.md").read_text()
    assert sorted(p.name for p in out.iterdir()) == ["a", "b"]
    assert main(["compare-collect", "--runs", str(out / "a"), "--out", str(out)]) == 1
    assert "holds no finished run" in capsys.readouterr().err


def test_what_was_measured_on_a_network_stays_while_it_is_the_same(tmp_path):
    run, out = tmp_path / "runs" / "a-1", tmp_path / "out"
    run.mkdir(parents=True)
    (run / "weights.safetensors").write_text("first")
    (run / "results.json").write_text(json.dumps({"recipe": "a", "seed": 1}))
    collect(tmp_path / "runs", out)
    for name in ("honesty.json", "familiarity.json"):
        (out / "a" / name).write_text(name)
    collect(tmp_path / "runs", out)
    assert (out / "a" / "honesty.json").read_text() == "honesty.json" and (out / "a" / "familiarity.json").is_file()
    (run / "weights.safetensors").write_text("trained again")
    collect(tmp_path / "runs", out)
    assert not list((out / "a").glob("*y.json")) and [path.name for path in out.iterdir()] == ["a"]


def test_compare_train_names_what_it_knows(capsys):
    assert main(["compare-train", "nothing", "--data", "."]) == 1
    assert "known are bilstm-last, bilstm-mean" in capsys.readouterr().err


def test_a_corpus_without_both_sides_is_refused(tiny_ravdess, tmp_path, capsys):
    clip = next(tiny_ravdess.glob("*-01.wav"))
    (tmp_path / clip.name).write_bytes(clip.read_bytes())
    assert main(["compare-train", "bilstm-mean", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "actors 1 to 4" in capsys.readouterr().err


def test_the_shipped_network_with_the_penalty_reads_nothing():
    """As README says: L1 has emptied its attention and its output, and what is left are the labels' base rates."""
    samples = [SAMPLES / f"{name}.txt" for name in ("wheat_exports", "crude_oil", "review_heist")]
    answers, largest = {}, {}
    for name in ("mha-residual", "mha-residual-first", "mha-residual-no-l1"):
        loaded = checkpoints.load(name)
        kernels = [
            weights
            for weights in loaded.model.trainable_weights
            if weights.path.endswith("kernel") and ("multi_head/" in weights.path or "classifier/" in weights.path)
        ]
        assert len(kernels) == 5  # query, key, value, output of the heads; the classifier
        largest[name] = max(float(abs(keras.ops.convert_to_numpy(weights)).max()) for weights in kernels)
        answers[name] = np.array([explain_text(loaded, file.read_text()).probabilities for file in samples])
    for name in ("mha-residual", "mha-residual-first"):
        assert largest[name] < 1e-5 and np.ptp(answers[name], axis=0).max() < 1e-5
    assert largest["mha-residual-no-l1"] > 0.1 and np.ptp(answers["mha-residual-no-l1"]) > 0.9
