import keras
import numpy as np
import pytest
import tensorflow as tf

from models.fused_lstm import fused_lstm

LENGTHS = [7, 4, 1, 0]


@pytest.fixture
def inputs():
    keras.utils.set_random_seed(3)
    sequences = np.random.default_rng(3).normal(size=(4, 7, 5)).astype(np.float32)
    return sequences, np.arange(7) < np.array(LENGTHS)[:, None]


def _run(layer, sequences, mask):
    """Everything the layer gives, and every gradient of a loss that reads all of it."""
    with tf.GradientTape() as tape:
        sequences = tf.constant(sequences)
        tape.watch(sequences)
        given = layer(sequences, mask=None if mask is None else tf.constant(mask))
        given = given if isinstance(given, (list, tuple)) else [given]
        loss = sum(tf.reduce_sum(tf.sin(3 * values)) for values in given)
    gradients = tape.gradient(loss, [sequences, *(v.value for v in layer.trainable_variables)])
    return [np.asarray(values) for values in given], [np.asarray(gradient) for gradient in gradients]


def _shaken(layer, shape):
    layer.build(shape)
    rng = np.random.default_rng(4)
    for weight in layer.trainable_variables:
        weight.assign(weight + rng.normal(0, 0.4, weight.shape).astype(np.float32))
    return layer


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.LSTM(6),
        lambda: keras.layers.LSTM(6, return_sequences=True, return_state=True),
        lambda: keras.layers.LSTM(6, return_sequences=True, go_backwards=True),
        lambda: keras.layers.Bidirectional(keras.layers.LSTM(6, return_sequences=True)),
        lambda: keras.layers.Bidirectional(keras.layers.LSTM(6)),
    ],
    ids=["last", "states", "backwards", "both-ways", "both-ways-last"],
)
def test_same_outputs_and_gradients_as_keras(layer, masked, inputs, monkeypatch):
    sequences, mask = inputs
    if not masked:
        mask = None
    layer = _shaken(layer(), sequences.shape)
    outputs, gradients = _run(layer, sequences, mask)
    used = []
    operation = tf.raw_ops.BlockLSTM
    monkeypatch.setattr(tf.raw_ops, "BlockLSTM", lambda **k: used.append(1) or operation(**k))
    with fused_lstm():
        fused_outputs, fused_gradients = _run(layer, sequences, mask)
    assert used
    for ours, keras_own in zip(fused_outputs + fused_gradients, outputs + gradients, strict=True):
        np.testing.assert_allclose(ours, keras_own, atol=2e-5)


@pytest.mark.parametrize("changes", [{"recurrent_dropout": 0.5}, {"activation": "relu"}, {"use_bias": False}])
def test_what_it_cannot_replace_keeps_keras_loop(changes, inputs, monkeypatch):
    sequences, mask = inputs
    layer = _shaken(keras.layers.LSTM(6, **changes), sequences.shape)
    outputs, _ = _run(layer, sequences, mask)

    def refuse(**_):
        raise AssertionError("the fused operation ran")

    monkeypatch.setattr(tf.raw_ops, "BlockLSTM", refuse)
    with fused_lstm():
        again, _ = _run(layer, sequences, mask)
    np.testing.assert_array_equal(outputs[0], again[0])


def test_keras_is_as_before_afterwards_even_after_an_error():
    before = keras.layers.LSTM.inner_loop
    with pytest.raises(RuntimeError), fused_lstm():
        assert keras.layers.LSTM.inner_loop is not before
        raise RuntimeError
    assert keras.layers.LSTM.inner_loop is before
