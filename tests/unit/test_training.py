"""Batches: every sequence once, padded with zeros, in shapes that Keras takes as open."""

import keras
import numpy as np
import pytest

from models.training import Batches, cosine_schedule, pad, predict, stream


def sequences(lengths):
    return [np.full((n, 2), i + 1, np.float32) for i, n in enumerate(lengths)]


def test_every_sequence_comes_once_an_epoch_and_the_order_changes():
    lengths = np.random.default_rng(0).integers(1, 60, 50)
    rows = sequences(lengths)
    batches = Batches(rows, lengths, np.arange(50), 8, np.random.default_rng(1))
    orders = []
    for _ in range(2):
        seen = [batches[i] for i in range(len(batches))]
        targets = np.concatenate([target for _, target in seen])
        assert sorted(targets) == list(range(50))
        for features, target in seen:
            for row, index in zip(features, target, strict=True):
                n = lengths[index]
                assert (row[:n] == index + 1).all() and not row[n:].any()
        orders.append(targets.tolist())
        batches.on_epoch_end()
    assert orders[0] != orders[1]


@pytest.mark.parametrize("seed", range(5))
def test_lengths_of_any_kind_can_be_fitted(seed):
    """Two first batches of one length, by chance, once made Keras refuse the third."""
    lengths = np.array([5] * 40 + [9] * 4)
    batches = Batches(sequences(lengths), lengths, np.ones((44, 1)), 4, np.random.default_rng(seed))
    model = keras.Sequential([keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    assert np.isfinite(model.fit(batches, epochs=2, verbose=0).history["loss"]).all()


@pytest.mark.parametrize("weights", [None, np.arange(1.0, 51.0)])
def test_a_stream_gives_the_same_batches_and_another_order_every_epoch(weights):
    lengths = np.random.default_rng(0).integers(1, 60, 50)
    rows, targets = sequences(lengths), np.arange(50)
    batches = Batches(rows, lengths, targets, 8, np.random.default_rng(1), weights)
    streamed, orders = stream(batches), []
    for _ in range(2):
        expected = [batches[position] for position in range(len(batches))]
        given = list(streamed.as_numpy_iterator())
        assert len(given) == len(streamed) == len(expected)
        for one, other in zip(given, expected, strict=True):
            assert all((a == b).all() for a, b in zip(one, other, strict=True))
        orders.append(np.concatenate([batch[1] for batch in given]).tolist())
    assert orders[0] != orders[1]


def test_a_network_learns_from_a_stream():
    lengths = np.array([5] * 40 + [9] * 4)
    batches = Batches(sequences(lengths), lengths, np.ones((44, 1)), 4, np.random.default_rng(0))
    model = keras.Sequential([keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    losses = model.fit(stream(batches), shuffle=False, epochs=3, verbose=0).history["loss"]
    assert len(losses) == 3 and np.isfinite(losses).all()


def test_padded_length_is_a_multiple():
    assert pad(sequences([3, 5]), 4).shape == (2, 8, 2)


def test_the_rate_rises_then_falls_to_nothing():
    rate = [float(cosine_schedule(1.0, 10, 10)(step)) for step in range(101)]
    assert rate[10] == pytest.approx(1) == max(rate) and rate[0] < 0.05 and rate[100] == pytest.approx(0, abs=1e-6)
    assert all(a >= b for a, b in zip(rate[10:], rate[11:], strict=False))


def test_predictions_come_in_the_order_given():
    model = keras.Sequential([keras.layers.GlobalMaxPooling1D()])
    seen = []
    values = predict(model, sequences([9, 1, 5]), batch_size=2, progress=lambda done, total: seen.append((done, total)))
    assert values[:, 0].tolist() == [1, 2, 3] and seen == [(2, 3), (3, 3)]


def test_mixup_mixes_features_targets_and_weights_alike():
    rows = sequences([4] * 8)
    batches = Batches(rows, [4] * 8, np.eye(8), 8, np.random.default_rng(0), np.arange(1.0, 9.0), mix=0.4)
    features, targets, weights = batches[0]
    np.testing.assert_allclose(features[:, 0, 0], targets @ np.arange(1, 9), rtol=1e-5)
    np.testing.assert_allclose(weights, targets @ np.arange(1.0, 9.0), rtol=1e-5)
    assert (targets.max(axis=1) >= 0.5).all()
