"""The attention mechanisms: their weights are a distribution over the valid steps, and nothing else."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.layers import LabelAttention, ResidualGain, UniversalQueryAttention, masked_softmax


@pytest.fixture
def states():
    return np.random.default_rng(0).normal(size=(3, 7, 5)).astype(np.float32)


def mask_of(lengths, steps):
    return np.arange(steps)[None] < np.array(lengths)[:, None]


@given(st.integers(1, 9), st.lists(st.floats(-1e9, 1e9, width=32), min_size=9, max_size=9))
@settings(max_examples=40, deadline=None)
def test_softmax_sums_to_one_over_valid_steps_for_any_scores(valid, scores):
    mask = mask_of([valid], 9)
    weights = np.asarray(masked_softmax(np.array([scores], np.float32), mask))
    assert np.isfinite(weights).all()
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    assert (weights[~mask] == 0).all()


def test_softmax_is_the_textbooks_where_nothing_is_masked():
    scores = np.array([[1.0, 2.0, 4.0]], np.float32)
    expected = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(np.asarray(masked_softmax(scores)), expected, rtol=1e-6)
    np.testing.assert_allclose(np.asarray(masked_softmax(scores, np.ones((1, 3), bool))), expected, rtol=1e-6)


def test_a_row_without_a_valid_step_gives_zeros():
    weights = np.asarray(masked_softmax(np.ones((2, 4), np.float32), mask_of([0, 2], 4)))
    np.testing.assert_array_equal(weights, [[0, 0, 0, 0], [0.5, 0.5, 0, 0]])


@pytest.mark.parametrize(
    "make", [lambda: UniversalQueryAttention(6), lambda: LabelAttention(4, 6), lambda: LabelAttention(4, 0)]
)
def test_weights_sum_to_one_and_an_empty_row_gives_no_nan(make, states):
    layer = make()
    output, weights = layer(states, mask=mask_of([7, 3, 0], 7), return_attention=True)
    weights = np.asarray(weights)
    assert np.isfinite(np.asarray(output)).all() and np.isfinite(weights).all()
    np.testing.assert_allclose(weights[:2].sum(axis=-1), 1, atol=1e-6)
    assert (weights[1, ..., 3:] == 0).all() and (weights[2] == 0).all()


@pytest.mark.parametrize(
    "make", [lambda: UniversalQueryAttention(6), lambda: LabelAttention(4, 6), lambda: LabelAttention(4, 0)]
)
def test_padding_changes_nothing(make, states):
    layer = make()
    output, weights = layer(states, mask=np.ones((3, 7), bool), return_attention=True)
    padded = np.concatenate([states, np.full((3, 7, 5), 9, np.float32)], axis=1)
    longer, wider = layer(padded, mask=mask_of([7, 7, 7], 14), return_attention=True)
    np.testing.assert_allclose(np.asarray(longer), np.asarray(output), atol=1e-5)
    np.testing.assert_allclose(np.asarray(wider)[..., :7], np.asarray(weights), atol=1e-6)


def test_universal_query_pools_by_its_weights(states):
    output, weights = UniversalQueryAttention(6)(states, return_attention=True)
    np.testing.assert_allclose(np.asarray(output), np.einsum("bt,btf->bf", np.asarray(weights), states), atol=1e-5)


def test_every_label_has_a_row_of_its_own(states):
    layer = LabelAttention(4, 6)
    logits, weights = layer(states, return_attention=True)
    assert tuple(logits.shape) == (3, 4) and tuple(weights.shape) == (3, 4, 7)
    assert not np.allclose(np.asarray(weights)[:, 0], np.asarray(weights)[:, 1])
    context = np.asarray(weights) @ states
    expected = (context * np.asarray(layer.output_kernel)).sum(-1) + np.asarray(layer.output_bias)
    np.testing.assert_allclose(np.asarray(logits), expected, atol=1e-5)


@pytest.mark.parametrize("layer", [UniversalQueryAttention(6, dropout=0.1), LabelAttention(4, 6)])
def test_config_round_trips_and_mask_is_consumed(layer, states):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert layer.compute_mask(states, mask_of([7, 7, 7], 7)) is None
    assert tuple(layer(states).shape) == tuple(layer.compute_output_shape(states.shape))


def test_attention_dropout_acts_in_training_only(states):
    keras.utils.set_random_seed(0)
    layer = UniversalQueryAttention(6, dropout=0.5)
    still = np.asarray(layer(states, training=False))
    np.testing.assert_array_equal(still, np.asarray(layer(states, training=False)))
    assert not np.allclose(still, np.asarray(layer(states, training=True)))


def test_the_query_is_learned():
    """Gradient descent moves the attention to the one step whose value is asked for."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(256, 6, 4)).astype(np.float32)
    x[:, :, 3] = 0
    x[np.arange(256), rng.integers(0, 6, 256), 3] = 3  # the marked step
    marked = x[:, :, 3].argmax(axis=1)
    y = x[np.arange(256), marked, 0]
    inputs = keras.Input((6, 4))
    attention = UniversalQueryAttention(8)
    model = keras.Model(inputs, keras.layers.Dense(1)(attention(inputs)))
    model.compile(keras.optimizers.Adam(0.03), "mse")
    model.fit(x, y, epochs=40, batch_size=32, verbose=0)
    _, weights = attention(x, return_attention=True)
    assert (np.asarray(weights).argmax(axis=1) == marked).mean() > 0.9


def test_a_residual_starts_small_and_its_gain_is_trained_for_each_feature(states):
    layer = ResidualGain(0.25)
    change = states[::-1].copy()
    np.testing.assert_allclose(np.asarray(layer(states, change)), states + 0.25 * change, rtol=1e-6)
    assert [tuple(v.shape) for v in layer.trainable_variables] == [(5,)]
    layer.gain.assign([0, 0, 1, 0, 0])
    out = np.asarray(layer(states, change))
    np.testing.assert_allclose(out[..., 2], (states + change)[..., 2], rtol=1e-6)
    np.testing.assert_array_equal(np.delete(out, 2, axis=-1), np.delete(states, 2, axis=-1))
    assert ResidualGain.from_config(layer.get_config()).start == 0.25
