"""The encoder taken from Whisper: against plain NumPy in double precision, and the file its weights come from."""

import struct

import keras
import numpy as np
import pytest
from scipy.special import erf

from models.errors import InputError
from models.layers import masked_average
from models.layers.whisper import WhisperEncoder, positions
from models.whisper import load_whisper, set_scale, start_encoder

BANDS, SIZE, HEADS, HIDDEN, FRAMES = 6, 8, 2, 5, 14


def whisper_weights(blocks=2, size=SIZE, bands=BANDS, hidden=HIDDEN, seed=0):
    """Random variables named and shaped as CTranslate2 keeps those of a Whisper model."""
    rng = np.random.default_rng(seed)
    shapes = {"conv1/weight": (size, bands, 3), "conv2/weight": (size, size, 3)}
    shapes |= {f"conv{i}/bias": (size,) for i in (1, 2)}
    for i in range(blocks):
        attention, ffn = f"layer_{i}/self_attention", f"layer_{i}/ffn"
        for part in (attention, ffn):
            shapes |= {f"{part}/layer_norm/{name}": (size,) for name in ("gamma", "beta")}
        for part, k, rows, columns in (
            (attention, 0, 3 * size, size), (attention, 1, size, size), (ffn, 0, hidden, size), (ffn, 1, size, hidden)
        ):  # fmt: skip
            shapes |= {f"{part}/linear_{k}/weight": (rows, columns), f"{part}/linear_{k}/bias": (rows,)}
    return {f"encoder/{name}": rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


def reference(weights, features, blocks):
    """Whisper's encoder for one sequence `(frames, bands)`, from the paper and OpenAI's `model.py`, in float64."""
    weights = {name.removeprefix("encoder/"): value.astype(np.float64) for name, value in weights.items()}

    def gelu(x):
        return x * (1 + erf(x / np.sqrt(2))) / 2

    def convolution(x, i, stride):
        padded = np.pad(x, ((1, 1), (0, 0)))
        kernel = weights[f"conv{i}/weight"]
        rows = range(0, len(x), stride)
        return np.array([np.einsum("kb,obk->o", padded[t : t + 3], kernel) for t in rows]) + weights[f"conv{i}/bias"]

    def norm(x, part):
        spread = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return (x - x.mean(-1, keepdims=True)) / spread * weights[f"{part}/gamma"] + weights[f"{part}/beta"]

    def dense(x, part):
        return x @ weights[f"{part}/weight"].T + weights[f"{part}/bias"]

    x = gelu(convolution(gelu(convolution(features.astype(np.float64), 1, 1)), 2, 2))
    half = SIZE // 2
    angles = np.arange(len(x))[:, None] * np.exp(-np.log(10000) / (half - 1) * np.arange(half))
    x = x + np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    for i in range(blocks):
        attention, ffn = f"layer_{i}/self_attention", f"layer_{i}/ffn"
        split = np.split(dense(norm(x, f"{attention}/layer_norm"), f"{attention}/linear_0"), 3, axis=-1)
        query, key, value = (part.reshape(len(x), HEADS, -1).transpose(1, 0, 2) for part in split)
        scores = np.exp(query @ key.transpose(0, 2, 1) / np.sqrt(SIZE // HEADS))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ value
        x = x + dense(mixed.transpose(1, 0, 2).reshape(len(x), SIZE), f"{attention}/linear_1")
        x = x + dense(gelu(dense(norm(x, f"{ffn}/layer_norm"), f"{ffn}/linear_0")), f"{ffn}/linear_1")
    return x


def encoder_with(weights, blocks):
    encoder = WhisperEncoder(SIZE, blocks, HEADS, HIDDEN, name="encoder")
    encoder.build((None, None, BANDS))
    start_encoder(encoder, weights)
    return encoder


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(3).normal(size=(2, FRAMES, BANDS)).astype(np.float32)


@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_equals_the_reference_with_and_without_padding(blocks, features):
    weights = whisper_weights()
    encoder = encoder_with(weights, blocks)
    mask = np.arange(FRAMES)[None] < np.array([[FRAMES], [8]])
    states = np.asarray(encoder(features, mask))
    assert states.shape == (2, FRAMES // 2, SIZE) == encoder.compute_output_shape(features.shape)
    np.testing.assert_allclose(states[0], reference(weights, features[0], blocks), atol=1e-5)
    np.testing.assert_allclose(states[1, :4], reference(weights, features[1, :8], blocks), atol=1e-5)
    assert (states[1, 4:] == 0).all()
    other = np.where(mask[..., None], features, 7.0).astype(np.float32)
    np.testing.assert_allclose(np.asarray(encoder(other, mask)), states, atol=1e-6)


def test_reads_what_whisper_reads_of_decibel(features):
    """(log10(power) + 4) / 4, where the power of the clip's mean counts as a hundredth."""
    weights = whisper_weights()
    encoder, mean, deviation = encoder_with(weights, 1), np.linspace(-30, -10, BANDS), np.linspace(5, 15, BANDS)
    set_scale(encoder, mean, deviation)
    decibel = features[0] * deviation + mean
    power = 0.01 * 10 ** (decibel / 10)
    expected = reference(weights, (np.log10(power) + 4) / 4, 1)
    np.testing.assert_allclose(np.asarray(encoder(features[:1], np.ones((1, FRAMES), bool)))[0], expected, atol=1e-5)
    assert not any(v is encoder.scale or v is encoder.offset for v in encoder.trainable_variables)


def test_positions_start_at_zero_and_turn_ever_slower():
    table = np.asarray(positions(50, 8))
    np.testing.assert_allclose(table[0], [0, 0, 0, 0, 1, 1, 1, 1], atol=1e-6)
    np.testing.assert_allclose(table[:, 0], np.sin(np.arange(50)), atol=1e-5)
    np.testing.assert_allclose(table[:, 3], np.sin(np.arange(50) / 10_000), atol=1e-5)


def test_an_encoder_is_rebuilt_from_its_config():
    encoder = WhisperEncoder(SIZE, 2, HEADS, HIDDEN)
    again = WhisperEncoder.from_config(encoder.get_config())
    assert again.get_config() == encoder.get_config() and len(again.blocks) == 2


def test_the_average_of_steps_leaves_padding_out():
    states = np.arange(12, dtype=np.float32).reshape(1, 6, 2)
    mean, mask = masked_average(states, np.array([[True, True, True, False, False, False]]), 2)
    np.testing.assert_allclose(np.asarray(mean), [[[1, 2], [4, 5], [0, 0]]])
    assert np.asarray(mask).tolist() == [[True, True, False]]


def model_file(path, weights, dtype=np.float16, version=6, kind="WhisperSpec"):
    """A `model.bin` as CTranslate2 writes it."""

    def text(value):
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    codes = {np.float32: 0, np.int8: 1, np.float16: 4}
    parts = [struct.pack("<I", version), text(kind), struct.pack("<II", 3, len(weights) + 2)]
    others = {"decoder/embeddings/weight": np.ones((3, 2), np.int8), "encoder/num_heads": np.array(HEADS, np.int8)}
    for name, value in (weights | others).items():
        value = value if name in others else value.astype(dtype)
        parts.append(text(name) + struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape))
        parts.append(struct.pack("<BI", codes[value.dtype.type], value.nbytes) + value.tobytes())
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_model_file_gives_the_encoders_variables(dtype, tmp_path):
    weights = whisper_weights()
    found = load_whisper(model_file(tmp_path / "model.bin", weights, dtype))
    assert set(found) == set(weights)
    for name, value in weights.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], value.astype(dtype).astype(np.float32))


def test_what_is_no_such_file_is_refused(tmp_path):
    weights = whisper_weights(1)
    with pytest.raises(InputError, match="no Whisper model at"):
        load_whisper(tmp_path / "nothing.bin")
    cut = model_file(tmp_path / "cut.bin", weights)
    cut.write_bytes(cut.read_bytes()[:200])
    (tmp_path / "text.bin").write_text("Not a model.")
    for file in (
        cut,
        tmp_path / "text.bin",
        model_file(tmp_path / "old.bin", weights, version=5),
        model_file(tmp_path / "other.bin", weights, kind="TransformerSpec"),
        model_file(tmp_path / "int8.bin", weights, np.int8),
    ):
        with pytest.raises(InputError, match=f"{file.name} is not a Whisper model of CTranslate2 in half or single"):
            load_whisper(file)


@pytest.mark.parametrize("wrong", [{"size": 16}, {"bands": 7}, {"hidden": 4}, {"blocks": 1}])
def test_a_model_of_another_size_is_refused(wrong):
    keras.utils.set_random_seed(0)
    with pytest.raises(InputError, match="has other sizes than this network, which wants 8 channels, 5 in"):
        encoder_with(whisper_weights(**wrong), blocks=2)
