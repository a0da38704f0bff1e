"""Models of somebody else, built here in plain Keras: found, wired out, explained with, or refused by name."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
import soundfile
from keras import layers as kl
from keras import ops

from models import checkpoints
from models import layers as own
from models.errors import CheckpointError
from models.explain import explain_clip, explain_text
from models.subjects import subject
from models.trust import assess
from tests.conftest import ROOT

WORDS = ["wheat", "prices", "rose", "again", "in", "may", "don't", "0000", "fell", "oil"]
TEXT = "Wheat prices rose again; oil fell in May, prices rose."
BANDS = 8
SPEECH = {"log_mel": {"sample_rate": 16000, "bands": BANDS}, "mean": -20.0, "deviation": 15.0, "window_seconds": 1.0,
          "window_hop_seconds": 0.5}  # fmt: skip


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(tmp_path))
    keras.utils.set_random_seed(1)
    return tmp_path


def put(root, model, name="mine", words=WORDS, **config):
    """Drop a model with its config into the checkpoints' folder."""
    folder = root / name
    folder.mkdir()
    if model is not None:
        model.save(folder / "model.keras")
    text = words is not None
    base = {
        "modality": "text" if text else "speech",
        "task": "single-label",
        "labels": ["a", "b", "c"],
        "frontend": {} if text else SPEECH,
    }
    config = {key: value for key, value in (base | config).items() if value is not None}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    if text:
        (folder / "vocabulary.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return folder


def words_in(length=None):
    return keras.Input((length,), dtype="int32")


def embedded(inputs, mask=True):
    return kl.Embedding(len(WORDS) + 2, 6, mask_zero=mask, name="embedding")(inputs)


def answer(x, labels=3, activation="softmax"):
    return kl.Dense(labels, activation=activation, kernel_initializer="random_normal")(x)


def last_query(attention, mask=True):
    """BiLSTM states, looked at by a query made of the last ones."""
    inputs = words_in()
    x = embedded(inputs, mask)
    states = kl.Bidirectional(kl.LSTM(3, return_sequences=True), name="states")(x)
    query = kl.Reshape((1, 6), name="query")(kl.Bidirectional(kl.LSTM(3))(x))
    return keras.Model(inputs, answer(kl.Flatten()(attention([query, states]))))


def transformer(heads=2, **inputs):
    tokens = words_in(**inputs)
    x = embedded(tokens)
    x = kl.LayerNormalization()(x + kl.MultiHeadAttention(heads, 4, name="mha")(x, x))
    return keras.Model(tokens, answer(kl.GlobalAveragePooling1D()(x)))


def tokens(*shape, seed=0):
    return np.random.default_rng(seed).integers(1, len(WORDS) + 2, shape).astype(np.int32)


def of(model, layer):
    """The value that goes into a layer, as a function of the model's input."""
    return keras.Model(model.input, model.get_layer(layer).output)


def clip(seconds=0.8, seed=0):
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * 16000)) / 16000
    samples = (rng.normal(0, 0.1, len(time)) * (1.2 + np.sin(9 * time))).astype(np.float32)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 16000, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


# What is drawn is what the layer itself gives.


@pytest.mark.parametrize("layer", [kl.Attention, kl.AdditiveAttention])
@pytest.mark.parametrize("mask", [True, False])
def test_one_query_over_a_bilstm_is_drawn_over_the_words(root, layer, mask):
    model = last_query(layer(name="look"), mask)
    put(root, model)
    loaded = checkpoints.load("mine")
    assert loaded.model.attention_axes == {"look": ("step",)}
    features = tokens(2, 7)
    probabilities, maps = loaded.forward(features)
    np.testing.assert_allclose(probabilities, np.asarray(model(features)), atol=1e-6)
    query, states = of(model, "query")(features), of(model, "states")(features)
    _, expected = model.get_layer("look")([query, states], return_attention_scores=True)
    np.testing.assert_allclose(maps["look"], np.asarray(expected)[:, 0], atol=1e-6)


def test_heads_look_from_every_word_at_every_word(root):
    model = transformer()
    put(root, model)
    loaded = checkpoints.load("mine")
    assert loaded.model.attention_axes == {"mha": ("head", "query", "step")}
    features = tokens(1, 9)
    x = of(model, "embedding")(features)
    _, expected = model.get_layer("mha")(x, x, return_attention_scores=True)
    np.testing.assert_allclose(loaded.forward(features)[1]["mha"], np.asarray(expected), atol=1e-6)
    shown = explain_text(loaded, TEXT)
    count = len(shown.units)
    (map_,) = shown.attention
    assert map_.weights.shape == (2, count, count)
    np.testing.assert_allclose(map_.weights.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("build", [lambda: last_query(kl.Attention()), transformer])
def test_the_wired_model_answers_to_the_last_bit_as_before(root, build):
    model = build()
    put(root, model)
    loaded = checkpoints.load("mine")
    features = tokens(3, 11)
    features[1, 6:] = 0
    features[2, 2:] = 0
    expected = np.asarray(model(features))
    output, scores = loaded.model._wired(features)
    assert np.array_equal(np.asarray(output), expected) and len(scores) == 1


def test_masks_that_keras_loses_on_the_way_stay_lost(root):
    """After a MultiHeadAttention Keras forgets the mask of its input; the answer must not change by listening."""
    inputs = words_in()
    states = kl.LSTM(6, return_sequences=True)(embedded(inputs))
    looked = kl.GlobalMaxPooling1D()(kl.MultiHeadAttention(2, 3, name="mha")(states, states))
    pooled = kl.Flatten()(kl.Attention(name="look")([kl.Reshape((1, 6))(looked), states]))
    model = keras.Model(inputs, answer(kl.Concatenate()([pooled, kl.GlobalAveragePooling1D()(states)])))
    put(root, model)
    loaded = checkpoints.load("mine")
    features = np.array([[3, 4, 5, 0, 0, 0]], np.int32)
    output, _ = loaded.model._wired(features)
    assert np.array_equal(np.asarray(output), np.asarray(model(features)))
    assert list(loaded.model.attention_axes) == ["look", "mha"], "what the answer is read from comes first"


@pytest.mark.parametrize(
    ("layer", "axes"),
    [
        (lambda: own.UniversalQueryAttention(4, name="ours"), ("step",)),
        (lambda: own.RaffelAttention(name="ours"), ("step",)),
        (lambda: own.TrainedQueryAttention(name="ours"), ("step",)),
        (lambda: own.StructuredSelfAttention(4, 2, name="ours"), ("head", "step")),
        (lambda: own.SelfAttention(name="ours"), ("query", "step")),
        (lambda: own.MultiHeadSelfAttention(2, 3, name="ours"), ("head", "query", "step")),
    ],
)
def test_our_own_layers_in_a_sequential_model_keep_their_axes(root, layer, axes):
    pool = [kl.GlobalAveragePooling1D()] if "query" in axes else []
    model = keras.Sequential([
        words_in(), kl.Embedding(12, 6, mask_zero=True, name="embedding"), layer(), *pool, kl.Flatten(),
        kl.Dense(3, "softmax"),
    ])  # fmt: skip
    put(root, model)
    loaded = checkpoints.load("mine")
    assert loaded.model.attention_axes == {"ours": axes}
    features = tokens(2, 6)
    probabilities, maps = loaded.forward(features)
    np.testing.assert_allclose(probabilities, np.asarray(model(features)), atol=1e-6)
    _, expected = model.get_layer("ours")(model.get_layer("embedding")(features), return_attention=True)
    np.testing.assert_allclose(maps["ours"], np.asarray(expected), atol=1e-6)


def test_label_attention_has_a_row_for_each_label(root):
    inputs = words_in()
    model = keras.Model(inputs, kl.Activation("sigmoid")(own.LabelAttention(3, 4, name="labels")(embedded(inputs))))
    put(root, model, task="multi-label", thresholds=[0.3, 0.5, 0.7])
    shown = explain_text(checkpoints.load("mine"), TEXT)
    assert shown.attention[0].axes == ("label", "step") and shown.thresholds.tolist() == pytest.approx([0.3, 0.5, 0.7])


def test_models_inside_models_are_looked_into_and_a_layer_called_twice_has_two_maps(root):
    states = keras.Input((None, 6))
    block = keras.Model(states, kl.MultiHeadAttention(2, 3, name="mha")(states, states), name="block")
    pool = own.UniversalQueryAttention(4, name="pool")
    inputs = words_in()
    x = embedded(inputs, mask=False)
    model = keras.Model(inputs, answer(kl.Concatenate()([pool(block(x)), pool(x)])))
    put(root, model)
    loaded = checkpoints.load("mine")
    assert sorted(loaded.model.attention_axes) == ["block/mha", "pool", "pool_2"]
    features = tokens(1, 5)
    output, _ = loaded.model._wired(features)
    assert np.array_equal(np.asarray(output), np.asarray(model(features)))
    x = of(model, "embedding")(features)
    _, inner = model.get_layer("block").get_layer("mha")(x, x, return_attention_scores=True)
    np.testing.assert_allclose(loaded.forward(features)[1]["block/mha"], np.asarray(inner), atol=1e-6)


def test_a_model_that_already_returns_scores_inside_is_not_asked_twice(root):
    inputs = words_in()
    x = embedded(inputs)
    pooled, weights = own.UniversalQueryAttention(4, name="pool")(x, return_attention=True)
    mixed, scores = kl.MultiHeadAttention(1, 3, name="mha")(x, x, return_attention_scores=True)
    model = keras.Model(inputs, answer(kl.Concatenate()([pooled, ops.max(weights, -1, keepdims=True), mixed[:, 0]])))
    put(root, model)
    loaded = checkpoints.load("mine")
    features = tokens(1, 5)
    np.testing.assert_allclose(loaded.forward(features)[0], np.asarray(model(features)), atol=1e-6)
    assert set(loaded.model.attention_axes) == {"pool", "mha"}


# Steps that are no single words or frames.


def strided(pool, padding="same"):
    inputs = keras.Input((None, BANDS))
    x = kl.Conv1D(6, 3, padding=padding, activation="relu")(inputs)
    x = kl.MaxPooling1D(pool)(x) if pool > 1 else x
    x = kl.Bidirectional(kl.LSTM(3, return_sequences=True), name="states")(x)
    pooled = own.UniversalQueryAttention(4, name="pool")(x)
    mixed = kl.GlobalAveragePooling1D()(kl.MultiHeadAttention(2, 3, name="mha")(x, x))
    return keras.Model(inputs, answer(kl.Concatenate()([pooled, mixed])))


@pytest.mark.parametrize("pool", [1, 4, 7])
def test_pooling_in_front_makes_steps_of_several_frames(root, pool):
    model = strided(pool)
    put(root, model, words=None)
    loaded = checkpoints.load("mine")
    assert loaded.model.step_frames == pool
    features = np.random.default_rng(0).normal(size=(2, 6 * pool, BANDS)).astype(np.float32)
    probabilities, maps = loaded.forward(features)
    np.testing.assert_allclose(probabilities, np.asarray(model(features)), atol=1e-5)
    _, expected = model.get_layer("pool")(of(model, "states")(features), return_attention=True)
    np.testing.assert_allclose(maps["pool"], np.asarray(expected), atol=1e-5)
    shown = explain_clip(loaded, clip())
    steps = len(shown.units)
    assert np.diff(shown.units.starts) == pytest.approx(pool * 0.01)
    assert [m.weights.shape for m in shown.attention] == [(steps,), (2, steps, steps)]
    np.testing.assert_allclose(shown.attention[0].weights.sum(), 1, atol=1e-4)


def test_a_long_clip_is_read_in_windows(root):
    put(root, strided(4), words=None)
    shown = explain_clip(checkpoints.load("mine"), clip(3.0))
    assert len(shown.windows) > 1
    np.testing.assert_allclose(shown.attention[0].weights.sum(), 1, atol=1e-4)
    assert shown.attention[1].axes == ("head", "step")


def test_pooled_words_share_their_steps_weight(root):
    inputs = words_in()
    x = kl.AveragePooling1D(2, name="pooled")(embedded(inputs, mask=False))
    put(root, keras.Model(inputs, answer(own.UniversalQueryAttention(4, name="pool")(x))))
    loaded = checkpoints.load("mine")
    weights = loaded.forward(tokens(1, 6))[1]["pool"][0]
    np.testing.assert_array_equal(weights[::2], weights[1::2])
    np.testing.assert_allclose(weights.sum(), 1, atol=1e-6)
    assert "covers 2 words" in loaded.model.attention_descriptions["pool"]
    assert len(explain_text(loaded, "wheat prices rose").attention[0].weights) == 3


def test_two_layers_of_different_strides_share_the_finer_steps(root):
    inputs = keras.Input((None, BANDS))
    fine = own.UniversalQueryAttention(4, name="fine")(kl.AveragePooling1D(2)(inputs))
    coarse = own.UniversalQueryAttention(4, name="coarse")(kl.AveragePooling1D(6)(inputs))
    put(root, keras.Model(inputs, answer(kl.Concatenate()([fine, coarse]))), words=None)
    loaded = checkpoints.load("mine")
    assert (loaded.model.step_frames, loaded.model.multiple) == (2, 6)
    shown = explain_clip(loaded, clip())
    for map_ in shown.attention:
        assert map_.weights.shape == (len(shown.units),)
        np.testing.assert_allclose(map_.weights.sum(), 1, atol=1e-4)
    coarse = shown.attention[1].weights
    assert coarse[0] == coarse[1] == coarse[2] != coarse[3]


def test_an_edge_cut_off_in_front_is_refused_with_what_to_do(root):
    put(root, strided(1, "valid"), words=None)
    with pytest.raises(
        CheckpointError, match=r"“mine” cannot be used: no attention layer .* “pool” .*padding=\"same\""
    ):
        checkpoints.load("mine")


def test_attention_over_one_step_is_kept_with_weight_1_and_its_alarm(root):
    inputs = keras.Input((None, BANDS))
    x = kl.Reshape((1, 6))(kl.LSTM(6)(inputs))
    model = keras.Model(inputs, answer(kl.Flatten()(kl.MultiHeadAttention(2, 3, name="single")(x, x))))
    put(root, model, words=None)
    loaded = checkpoints.load("mine")
    shown = explain_clip(loaded, clip())
    assert shown.attention[0].axes == ("head", "step")
    np.testing.assert_allclose(shown.attention[0].weights, 1 / len(shown.units), atol=1e-6)
    assert "always 1" in shown.attention[0].description
    tested = subject(loaded, shown)
    tested.probabilities(np.zeros((1, tested.steps), bool))
    assert tested.attended == {"single": 1}


def test_keys_that_are_no_steps_are_left_out_and_said_so(root):
    inputs = words_in()
    x = embedded(inputs, mask=False)
    memory = kl.Reshape((4, 6))(kl.Dense(24)(kl.GlobalAveragePooling1D()(x)))
    cross = kl.GlobalMaxPooling1D()(kl.Attention(name="cross")([x, memory]))
    put(root, keras.Model(inputs, answer(kl.Concatenate()([cross, own.UniversalQueryAttention(name="pool")(x)]))))
    loaded = checkpoints.load("mine")
    assert list(loaded.model.attention_axes) == ["pool"]
    (note,) = loaded.model.notes
    assert "“cross”" in note and "4 things that are not the input's steps" in note


def test_a_fixed_number_of_queries_is_shown_like_heads(root):
    inputs = words_in()
    x = embedded(inputs, mask=False)
    queries = kl.Reshape((3, 6))(kl.Dense(18)(kl.GlobalAveragePooling1D()(x)))
    model = keras.Model(inputs, answer(kl.Flatten()(kl.Attention(name="look")([queries, x]))))
    put(root, model)
    shown = explain_text(checkpoints.load("mine"), TEXT)
    assert shown.attention[0].axes == ("head", "step") and len(shown.attention[0].weights) == 3


def test_a_network_without_attention_predicts_without_a_map(root):
    inputs = words_in()
    put(root, keras.Model(inputs, answer(kl.LSTM(4)(embedded(inputs)))))
    loaded = checkpoints.load("mine")
    assert explain_text(loaded, TEXT).attention == () and "no map" in loaded.model.notes[0]


# Networks of one length, and padding.


@pytest.mark.parametrize("padding", ["post", "pre"])
def test_a_fixed_length_is_filled_up_or_cut_with_a_notice(root, padding):
    inputs = words_in(8)
    x = embedded(inputs, mask=False)
    model = keras.Model(inputs, answer(kl.Flatten()(kl.Attention(name="look")([kl.Dense(6)(x), x]))))
    put(root, model, frontend={"padding": padding})
    loaded = checkpoints.load("mine")
    short = explain_text(loaded, "wheat prices rose")
    filled = np.array([[2, 3, 4, 0, 0, 0, 0, 0]] if padding == "post" else [[0, 0, 0, 0, 0, 2, 3, 4]], np.int32)
    np.testing.assert_allclose(short.probabilities, np.asarray(model(filled))[0], atol=1e-6)
    assert short.attention[0].weights.shape == (3, 3) and "5 empty ones" in short.notices[0]
    np.testing.assert_allclose(short.attention[0].weights.sum(-1), 1, atol=1e-5)
    long = explain_text(loaded, " ".join(["wheat prices rose again in may"] * 2))
    assert len(long.units) == 12 and "last 4" in long.notices[0]
    np.testing.assert_array_equal(long.attention[0].weights[:, 8:], 0)
    np.testing.assert_allclose(long.attention[0].weights[:8].sum(-1), 1, atol=1e-5)


def test_a_fixed_number_of_frames_becomes_the_window(root):
    inputs = keras.Input((40, BANDS))
    model = keras.Model(inputs, answer(own.UniversalQueryAttention(4, name="pool")(kl.AveragePooling1D(4)(inputs))))
    put(root, model, words=None)
    loaded = checkpoints.load("mine")
    assert loaded.model.step_frames == 4 and loaded.frontend.window_seconds == pytest.approx(0.4)
    shown = explain_clip(loaded, clip(1.5))
    assert len(shown.windows) > 2
    np.testing.assert_allclose(shown.attention[0].weights.sum(), 1, atol=1e-4)
    assert "assumed" in shown.attention[0].description


def test_rows_of_a_batch_do_not_see_each_others_padding(root):
    """The LSTM here has no mask: padding would change its answer."""
    put(root, last_query(kl.Attention(name="look"), mask=False))
    loaded = checkpoints.load("mine")
    batch = np.zeros((2, 9), np.int32)
    batch[0], batch[1, :4] = tokens(9), tokens(4, seed=1)
    probabilities, maps = loaded.forward(batch)
    alone, alone_maps = loaded.forward(batch[1:, :4])
    np.testing.assert_allclose(probabilities[1], alone[0], atol=1e-6)
    np.testing.assert_allclose(maps["look"][1, :4], alone_maps["look"][0], atol=1e-6)
    assert not maps["look"][1, 4:].any()


# What the network reads, and what its outputs mean.


@pytest.mark.parametrize("sequential", [True, False])
def test_a_text_vectorization_layer_brings_its_words_and_its_splitting(root, sequential):
    vectorize = kl.TextVectorization(output_sequence_length=10)
    vectorize.adapt(["wheat prices rose again in may dont u.s. well-known", "wheat"])
    size = vectorize.vocabulary_size()
    rest = [kl.Embedding(size, 6), own.UniversalQueryAttention(4, name="pool"), kl.Dense(3, "softmax")]
    inputs = keras.Input((), dtype="string")
    if sequential:
        model = keras.Sequential([inputs, vectorize, *rest])
    else:
        x = vectorize(inputs)
        for layer in rest:
            x = layer(x)
        model = keras.Model(inputs, x)
    text = "Wheat -- prices, in the U.S., don't rise: (well-known)!"
    expected = np.asarray(model(ops.convert_to_tensor([text])))[0]
    folder = put(root, model)
    (folder / "vocabulary.txt").unlink()
    shown = explain_text(checkpoints.load("mine"), text)
    np.testing.assert_allclose(shown.probabilities, expected, atol=1e-6)
    seen = [text[a:b] for a, b in zip(shown.units.starts, shown.units.ends, strict=True)]
    assert seen == ["Wheat", "prices", "in", "the", "U.S", "don't", "rise", "well-known"]
    assert shown.units.known.tolist() == [True, True, True, False, True, True, False, True]


def test_reserved_words_at_the_head_of_a_vocabulary_are_not_counted_twice(root):
    put(root, transformer(), words=["[PAD]", "[UNK]", *WORDS])
    assert checkpoints.load("mine").vocabulary.words == tuple(WORDS)


def test_words_are_found_as_typed_in_lower_case_and_with_digits_as_0(root):
    put(root, transformer())
    vocabulary = checkpoints.load("mine").vocabulary
    text = "Wheat 1987 DON'T 2.5"
    assert vocabulary.encode(text, *vocabulary.tokenize(text)).tolist() == [2, 9, 8, 1]


def test_logits_become_probabilities(root):
    inputs = words_in()
    pooled = own.UniversalQueryAttention(4, name="pool")(embedded(inputs))
    model = keras.Model(inputs, answer(pooled, activation=None))
    put(root, model, output="logits")
    features = tokens(2, 5)
    expected = ops.softmax(model(features))
    np.testing.assert_allclose(checkpoints.load("mine").forward(features)[0], np.asarray(expected), atol=1e-6)
    put(root, model, name="unsaid")
    with pytest.raises(CheckpointError, match=r"does not answer with probabilities .*\"output\": \"logits\""):
        checkpoints.load("unsaid")


def test_one_sigmoid_for_two_labels_is_the_second_ones(root):
    inputs = words_in()
    model = keras.Model(inputs, answer(own.UniversalQueryAttention(4)(embedded(inputs)), 1, "sigmoid"))
    put(root, model, labels=["bad", "good"])
    features = tokens(1, 5)
    p = float(np.asarray(model(features))[0, 0])
    assert checkpoints.load("mine").forward(features)[0][0].tolist() == pytest.approx([1 - p, p])


def test_an_answer_for_each_step_is_a_track(root):
    inputs = keras.Input((None, BANDS))
    x = kl.AveragePooling1D(4)(inputs)
    model = keras.Model(inputs, answer(own.SelfAttention(name="look")(x)))
    put(root, model, words=None, task="per-step")
    loaded = checkpoints.load("mine")
    shown = explain_clip(loaded, clip())
    assert shown.track.shape == (len(shown.units), 3)
    np.testing.assert_allclose(shown.track.mean(axis=0), shown.probabilities, atol=1e-4)


def test_a_picture_with_a_channel_is_fed_to_convolutions_over_both_sides(root):
    inputs = keras.Input((None, BANDS, 1))
    x = kl.MaxPooling2D((2, 2))(kl.Conv2D(3, 3, padding="same")(inputs))
    x = kl.TimeDistributed(kl.Flatten())(x)
    put(root, keras.Model(inputs, answer(own.UniversalQueryAttention(4, name="pool")(x))), words=None)
    loaded = checkpoints.load("mine")
    assert loaded.model.step_frames == 2
    assert explain_clip(loaded, clip()).attention[0].axes == ("step",)


# As a checkpoint among others.


def test_files_next_to_each_other_are_a_checkpoint_too(root):
    folder = put(root, transformer(), title="My transformer", family="topics", order=1)
    for old, new in (
        ("model.keras", "flat.keras"),
        ("config.json", "flat.json"),
        ("vocabulary.txt", "flat.vocabulary.txt"),
    ):
        (folder / old).rename(root / new)
    folder.rmdir()
    (entry,) = checkpoints.available()
    assert (entry.name, entry.title, entry.group, entry.problem) == ("flat", "My transformer", "own", None)
    loaded = checkpoints.load("flat")
    assert (loaded.name, loaded.title, loaded.card, loaded.history, loaded.epoch_maps()) == (
        "flat", "My transformer", "", [], {},
    )  # fmt: skip
    assert checkpoints.load(root / "flat.keras").hash == loaded.hash
    assert [file.name for file in checkpoints.files("flat")] == ["flat.json", "flat.keras", "flat.vocabulary.txt"]
    assert explain_text(loaded, TEXT).provenance.checkpoint == "flat"
    before = loaded.hash
    (root / "flat.vocabulary.txt").write_text("other\n")
    assert checkpoints.load("flat").hash != before


def test_listing_needs_no_tensorflow(root):
    put(root, transformer())
    code = (
        "import sys; from models import checkpoints; (e,) = checkpoints.available('text'); assert e.problem is None; "
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    environment = os.environ | {"EARMARK_CHECKPOINTS": str(root)}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True)


def test_muting_and_occlusion_test_its_map_like_any_other(root):
    put(root, last_query(kl.Attention(name="look")))
    loaded = checkpoints.load("mine")
    shown = explain_text(loaded, " ".join([TEXT] * 2))
    trust = assess(loaded, shown)
    assert trust.verdict.judgement in ("supported", "partly", "not supported", "untestable")
    assert trust.needed is None and loaded.model.supports_replacement is False
    assert len(trust.curves[0].deletion) == len(trust.curves[0].fractions)


# What is refused, by name and with what to do.


def subclassed():
    @keras.saving.register_keras_serializable("somebody")
    class Theirs(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = kl.Dense(3)

        def call(self, x):
            return self.dense(x)

    model = Theirs()
    model(np.zeros((1, 4)))
    return model


def custom_layer():
    @keras.saving.register_keras_serializable("somebody")
    class Odd(kl.Layer):
        def call(self, x):
            return x

    inputs = words_in()
    return keras.Model(inputs, answer(kl.GlobalAveragePooling1D()(Odd(name="odd")(embedded(inputs, mask=False)))))


def with_lambda():
    inputs = words_in()
    x = kl.Lambda(lambda t: t * 2, name="twice")(embedded(inputs, mask=False))
    return keras.Model(inputs, answer(kl.GlobalAveragePooling1D()(x)))


def many(inputs=1, outputs=1):
    given = [keras.Input((None,), dtype="int32", name=f"in_{i}") for i in range(inputs)]
    x = own.UniversalQueryAttention(4)(embedded(given[0], mask=False))
    if inputs > 1:
        x = kl.Concatenate()([x, kl.GlobalAveragePooling1D()(kl.Embedding(12, 4)(given[1]))])
    return keras.Model(given if inputs > 1 else given[0], [answer(x) for _ in range(outputs)][: outputs or 1])


def speech(**config):
    return lambda root: put(root, strided(4), words=None, **config)


REFUSED = {
    "subclassed": (lambda r: put(r, subclassed()), r"“model.keras” is a subclassed model \(Theirs\)"),
    "lambda": (lambda r: put(r, with_lambda()), "layer “twice” is a Lambda, and Earmark runs no code from a file"),
    "custom layer": (lambda r: put(r, custom_layer()), "layer “odd” is a Odd, whose code is not in the file"),
    "two inputs": (lambda r: put(r, many(inputs=2)), r"has 2 inputs \(“in_0”, “in_1”\)"),
    "two outputs": (lambda r: put(r, many(outputs=2)), "has 2 outputs; keep the answer alone"),
    "labels": (lambda r: put(r, transformer(), labels=["a", "b"]), "has 3 outputs, the config 2 labels"),
    "no labels": (lambda r: put(r, transformer(), labels=None), "config.json: it lacks “labels”"),
    "no modality": (lambda r: put(r, transformer(), modality=None), "config.json: it lacks “modality”"),
    "odd task": (lambda r: put(r, transformer(), task="guess"), "“task” is unknown; give one of \"single-label\""),
    "thresholds": (
        lambda r: put(r, transformer(), task="multi-label", thresholds=[0.5]), "“thresholds” must be 3 numbers",
    ),
    "no words": (lambda r: (put(r, transformer()) / "vocabulary.txt").unlink(), "needs vocabulary.txt beside it"),
    "too many words": (
        lambda r: put(r, transformer(), words=[f"w{i}" for i in range(20)]),
        "22 words .* Embedding “embedding” .* only 12 rows",
    ),
    "a word twice": (lambda r: put(r, transformer(), words=["a", "a"]), "vocabulary.txt cannot be used .* twice"),
    "no config": (
        lambda r: (put(r, transformer()) / "config.json").unlink(), "config.json is missing beside model.keras",
    ),
    "config cut": (
        lambda r: (put(r, transformer()) / "config.json").write_text('{"modality": '), "config.json is not readable",
    ),
    "no frontend": (speech(frontend={}), "“frontend” lacks log_mel and mean and deviation"),
    "bands": (
        speech(frontend=SPEECH | {"log_mel": {"bands": 40}}), r"the frontend makes \(frames, 40\); set log_mel's bands",
    ),
    "odd frontend": (speech(frontend=SPEECH | {"log_mel": {"bandz": 40}}), "its “frontend” does not fit"),
    "text model for speech": (
        lambda r: put(r, transformer(), words=None), r"reads features of shape \(any\), the frontend makes",
    ),
    "two models": (
        lambda r: transformer().save(put(r, transformer()) / "other.keras"), "holds several models",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_one_sentence(root, case):
    build, reason = REFUSED[case]
    build(root)
    with pytest.raises(CheckpointError, match=reason) as refusal:
        checkpoints.load("mine")
    message = str(refusal.value)
    assert "“mine”" in message and "\n" not in message and message.endswith(".")


def rewrite(folder, change):
    """Change `config.json` inside a saved `.keras` file."""
    file = folder / "model.keras"
    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    held["config.json"] = change(held["config.json"].decode()).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, value in held.items():
            archive.writestr(name, value)


DAMAGED = {
    "cut": (
        lambda f: (f / "model.keras").write_bytes((f / "model.keras").read_bytes()[:-200]), "not a whole .keras file",
    ),
    "hdf5": (lambda f: (f / "model.keras").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64)), "HDF5 file of older Keras"),
    "no zip": (lambda f: (f / "model.keras").write_bytes(b"hello"), "not a whole .keras file"),
    "description cut": (lambda f: rewrite(f, lambda text: text[:50]), "what it says of itself cannot be read"),
    "description odd": (lambda f: rewrite(f, lambda text: "[]"), "names no model"),
    "foreign module": (
        lambda f: rewrite(f, lambda text: text.replace('"keras.layers", "class_name": "Dense"',
                                                       '"os", "class_name": "system"')),
        "is a system, whose code is not in the file",
    ),
    "weights missing": (
        lambda f: rewrite(f, lambda text: text.replace('"num_heads": 2', '"num_heads": 3')),
        "Keras cannot load model.keras",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_or_dangerous_file_is_refused_by_name(root, case):
    damage, reason = DAMAGED[case]
    damage(put(root, transformer()))
    with pytest.raises(CheckpointError, match=reason) as refusal:
        checkpoints.load("mine")
    assert "“mine”" in str(refusal.value) and "\n" not in str(refusal.value)


def test_the_list_says_what_is_wrong_without_loading(root):
    put(root, transformer(), name="good")
    put(root, with_lambda(), name="program")
    (root / "alone.keras").write_bytes((root / "good" / "model.keras").read_bytes())
    listed = {entry.name: entry.problem for entry in checkpoints.available("text")}
    assert listed["good"] is None
    assert "Lambda" in listed["program"] and "alone.json is missing" in listed["alone"]
    (root / "good.keras").write_bytes((root / "good" / "model.keras").read_bytes())
    problems = [entry.problem for entry in checkpoints.available() if entry.name == "good"]
    assert problems[0] is None and "a folder “good” has its name" in problems[1]
