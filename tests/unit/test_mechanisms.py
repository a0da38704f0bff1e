"""Each attention mechanism against plain NumPy in double precision, and what padding may not do to it."""

import keras
import numpy as np
import pytest

from models.layers import (
    MultiHeadSelfAttention,
    RaffelAttention,
    SelfAttention,
    StructuredSelfAttention,
    TrainedQueryAttention,
    masked_max,
    masked_mean,
)
from models.layers.hops import redundancy

STEPS, FEATURES = 7, 5
LENGTHS = (7, 3, 0)
MASK = np.arange(STEPS)[None] < np.array(LENGTHS)[:, None]

LAYERS = {
    "raffel": lambda: RaffelAttention(),
    "raffel, a bias a step": lambda: RaffelAttention(bias_steps=4),
    "raffel, no bias": lambda: RaffelAttention(bias_steps=0),
    "hops": lambda: StructuredSelfAttention(6, 3, 0.5),
    "trained query, dot": lambda: TrainedQueryAttention(),
    "trained query, concat": lambda: TrainedQueryAttention(score_mode="concat"),
    "self, dot": lambda: SelfAttention(),
    "self, concat": lambda: SelfAttention(use_scale=False, score_mode="concat"),
    "self, causal": lambda: SelfAttention(use_causal_mask=True),
    "multi-head": lambda: MultiHeadSelfAttention(2, 3),
}


@pytest.fixture(scope="module")
def states():
    return np.random.default_rng(0).normal(size=(3, STEPS, FEATURES)).astype(np.float32)


@pytest.fixture(scope="module")
def built(states):
    """Every layer, its variables random: zero biases and unit scales would hide what they do."""
    rng = np.random.default_rng(1)
    layers = {name: make() for name, make in LAYERS.items()}
    for layer in layers.values():
        layer(states)
        for variable in layer.weights:
            variable.assign(rng.normal(size=variable.shape))
    return layers


def softmax(scores):
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def doubles(layer):
    return {variable.path.split("/", 1)[1]: np.asarray(variable, np.float64) for variable in layer.weights}


def reference(name, layer, x):
    """Output and weights for one sequence without padding, `(steps, features)`, in float64, from the papers."""
    x, v = x.astype(np.float64), doubles(layer)
    if name.startswith("raffel"):
        bias = v.get("bias", np.zeros(1))
        by_step = np.array([bias[min(t, len(bias) - 1)] for t in range(len(x))])
        score = np.exp(np.tanh(x @ v["kernel"][:, 0] + by_step))
        weights = score / (score.sum() + 1e-7)
        return weights @ x, weights
    if name == "hops":
        weights = softmax((np.tanh(x @ v["kernel"]) @ v["queries"]).T)
        return weights @ x, weights
    if name.startswith("multi-head"):
        parts = {p: np.einsum("tf,fhd->htd", x, v[f"attention/{p}/kernel"]) for p in ("query", "key", "value")}
        parts = {p: value + v[f"attention/{p}/bias"][:, None] for p, value in parts.items()}
        weights = softmax(parts["query"] @ parts["key"].transpose(0, 2, 1) / np.sqrt(layer.key_dim))
        mixed = weights @ parts["value"]
        kernel, bias = v["attention/attention_output/kernel"], v["attention/attention_output/bias"]
        return np.einsum("htd,hdf->tf", mixed, kernel) + bias, weights
    queries = v["query"] if "query" in v else x
    scale = v.get("attention/scale", 1.0)
    if layer.score_mode == "dot":
        scores = scale * queries @ x.T
    else:
        scores = v["attention/concat_score_weight"] * np.tanh(scale * (queries[:, None] + x[None])).sum(-1)
    if getattr(layer, "use_causal_mask", False):
        scores = np.where(np.tril(np.ones_like(scores)), scores, -np.inf)
    weights = softmax(scores)
    return ((weights @ x)[0], weights[0]) if "query" in v else (weights @ x, weights)


@pytest.mark.parametrize("name", LAYERS)
def test_equals_the_reference_with_and_without_padding(name, built, states):
    layer = built[name]
    output, weights = (np.asarray(a) for a in layer(states, mask=MASK, return_attention=True))
    for row, length in enumerate(LENGTHS[:2]):
        expected, map_ = reference(name, layer, states[row, :length])
        cut = weights[row][..., :length]
        if map_.ndim > 1 and cut.shape[-2] == STEPS:  # a row for every query
            cut = cut[..., :length, :]
        np.testing.assert_allclose(cut, map_, atol=1e-5)
        got = output[row][:length] if expected.shape != output[row].shape else output[row]
        np.testing.assert_allclose(got, expected, atol=1e-5)
    whole, _ = reference(name, layer, states[1])
    np.testing.assert_allclose(np.asarray(layer(states))[1], whole, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_no_weight_lies_on_padding_and_an_empty_row_is_zeros(name, built, states):
    output, weights = (np.asarray(a) for a in built[name](states, mask=MASK, return_attention=True))
    assert np.isfinite(output).all() and np.isfinite(weights).all()
    assert (weights[1][..., 3:] == 0).all() and (weights[2] == 0).all() and (output[2] == 0).all()
    valid = weights[:1] if weights.ndim < 3 or weights.shape[-2] != STEPS else weights[:2, ..., :3, :]
    np.testing.assert_allclose(valid.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_padding_of_any_content_changes_nothing(name, built, states):
    layer = built[name]
    full = np.ones((3, STEPS), bool)
    output, weights = (np.asarray(a) for a in layer(states, mask=full, return_attention=True))
    padded = np.concatenate([states, np.full_like(states, 9)], axis=1)
    mask = np.concatenate([full, ~full], axis=1)
    longer, wider = (np.asarray(a) for a in layer(padded, mask=mask, return_attention=True))
    # What has one row a step has as many zero rows more.
    same = tuple(slice(0, n) for n in output.shape)
    np.testing.assert_allclose(longer[same], output, atol=1e-5)
    np.testing.assert_allclose(wider[tuple(slice(0, n) for n in weights.shape)], weights, atol=1e-5)
    assert wider.sum() == pytest.approx(weights.sum(), abs=1e-4)


@pytest.mark.parametrize("name", LAYERS)
def test_given_weights_replace_the_layers_own(name, built, states):
    layer = built[name]
    output, weights = layer(states, mask=MASK, return_attention=True)
    again, given = layer(states, mask=MASK, return_attention=True, attention_weights=weights)
    np.testing.assert_allclose(np.asarray(again), np.asarray(output), atol=1e-5)
    np.testing.assert_array_equal(np.asarray(given), np.asarray(weights))
    # Hidden from the output's bias, which multi-head attention adds whatever it attends to.
    other = layer(states, mask=MASK, attention_weights=np.zeros(weights.shape, np.float32))
    assert not np.allclose(np.asarray(other), np.asarray(output))


@pytest.mark.parametrize("name", LAYERS)
def test_config_round_trips_and_symbolic_shapes_are_true(name, built, states):
    layer = built[name]
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    inputs = keras.Input((None, FEATURES))
    for asked in (False, True):
        promised = again(inputs, return_attention=asked)
        returned = layer(states, return_attention=asked)
        for spec, tensor in zip(*(v if asked else [v] for v in (promised, returned)), strict=True):
            assert len(spec.shape) == len(tensor.shape)
            assert all(a in (None, b) for a, b in zip(spec.shape, tensor.shape, strict=True))
    assert tuple(layer.compute_output_shape(states.shape)) == tuple(layer(states).shape)


# What the thread's layer got wrong, one by one.


def test_raffel_remembers_its_arguments():
    layer = RaffelAttention(
        bias_steps=3,
        return_attention=True,
        kernel_regularizer="l1",
        bias_regularizer="l2",
        kernel_constraint="max_norm",
        bias_constraint="non_neg",
    )
    again = RaffelAttention.from_config(layer.get_config())
    assert again.bias_steps == 3 and again.return_attention is True
    assert isinstance(again.kernel_regularizer, keras.regularizers.L1)
    assert isinstance(again.bias_regularizer, keras.regularizers.L2)
    assert isinstance(again.kernel_constraint, keras.constraints.MaxNorm)
    assert isinstance(again.bias_constraint, keras.constraints.NonNeg)


def test_raffel_applies_its_regularizer(states):
    layer = RaffelAttention(kernel_regularizer=keras.regularizers.L2(0.5))
    layer(states)
    layer.kernel.assign(np.ones((FEATURES, 1)))
    assert [float(loss) for loss in layer.losses] == [pytest.approx(0.5 * FEATURES)]


def test_raffel_applies_its_constraint(states):
    layer = RaffelAttention(kernel_constraint=keras.constraints.MaxNorm(0.1))
    inputs = keras.Input((STEPS, FEATURES))
    model = keras.Model(inputs, keras.layers.Dense(1)(layer(inputs)))
    layer.kernel.assign(np.ones((FEATURES, 1)))
    model.compile(keras.optimizers.SGD(0.01), "mse")
    model.train_on_batch(states, np.ones((3, 1)))
    assert np.linalg.norm(np.asarray(layer.kernel)) <= 0.1001


def test_raffel_returns_the_shape_it_promises(states):
    layer = RaffelAttention(return_attention=True)
    output, weights = layer(states)
    assert [tuple(output.shape), tuple(weights.shape)] == list(layer.compute_output_shape(states.shape))
    assert layer.compute_mask(states, MASK) == (None, None)
    layer = RaffelAttention()
    assert tuple(layer(states).shape) == layer.compute_output_shape(states.shape)
    assert layer.compute_mask(states, MASK) is None


@pytest.mark.parametrize("bias_steps", [0, 1, 4])
def test_raffel_is_not_tied_to_one_length(states, bias_steps):
    layer = RaffelAttention(bias_steps)
    for length in (2, STEPS, 3 * STEPS):
        x = np.resize(states, (3, length, FEATURES))
        _, weights = layer(x, return_attention=True)
        np.testing.assert_allclose(np.asarray(weights).sum(axis=-1), 1, atol=1e-5)


def test_hops_are_pushed_apart(states):
    weights = np.array([[[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [1, 0, 0]], [[0.5, 0.5, 0], [0.5, 0.5, 0]]], np.float32)
    expected = [np.square(w @ w.T - np.eye(2)).sum() for w in weights.astype(np.float64)]
    np.testing.assert_allclose(np.asarray(redundancy(weights)), expected, atol=1e-6)
    assert expected[:2] == [0, 2]
    layer = StructuredSelfAttention(6, 3, penalty=0.5)
    _, weights = layer(states, return_attention=True)
    overlap = np.asarray(weights, np.float64) @ np.asarray(weights, np.float64).transpose(0, 2, 1)
    expected = 0.5 * np.square(overlap - np.eye(3)).sum(axis=(1, 2)).mean()
    assert [float(loss) for loss in layer.losses] == [pytest.approx(expected, rel=1e-4)]
    layer = StructuredSelfAttention(6, 3)
    layer(states)
    assert layer.losses == []


def test_attention_dropout_acts_in_training_only(states):
    keras.utils.set_random_seed(0)
    for layer in (TrainedQueryAttention(dropout=0.5), SelfAttention(dropout=0.5), MultiHeadSelfAttention(2, 3, 0.5)):
        still = np.asarray(layer(states))
        np.testing.assert_array_equal(still, np.asarray(layer(states)))
        assert not np.allclose(still, np.asarray(layer(states, training=True)))


def test_pools_leave_padding_out(states):
    for pool, plain in ((masked_mean, np.mean), (masked_max, np.max)):
        pooled = np.asarray(pool(states, MASK))
        np.testing.assert_allclose(pooled[0], plain(states[0], axis=0), atol=1e-6)
        np.testing.assert_allclose(pooled[1], plain(states[1, :3], axis=0), atol=1e-6)
        assert (pooled[2] == 0).all()
        np.testing.assert_allclose(np.asarray(pool(states))[1], plain(states[1], axis=0), atol=1e-6)
