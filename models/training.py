"""Training loops: padded batches of similar length, a cosine schedule, and what is kept of each epoch."""

from __future__ import annotations

import math

import keras
import numpy as np

_MOST_PAIRS = 4_000_000  # of steps, in one batch of a network that compares each with each


class Batches(keras.utils.PyDataset):
    """Batches of sequences of similar length, padded to the longest of each batch.

    Args:
        sequences: list of arrays of shape `(steps, ...)`, or a function `(index, rng) -> array`
            that gives sequence `index` (augmented, say).
        lengths: int array `(n,)`, the sequences' approximate lengths, for sorting into batches.
        targets: array of shape `(n, ...)`.
        batch_size: sequences a batch.
        rng: `numpy.random.Generator`; `None` keeps the order by length, unshuffled.
        weights: float array `(n,)` of sample weights, or `None`.
        multiple: the padded length is a multiple of this.
        mix: strength of mixup (Zhang et al. 2018): pairs are mixed by a weight drawn from
            Beta(mix, mix); 0 leaves them alone. For float features only.
    """

    def __init__(self, sequences, lengths, targets, batch_size, rng=None, weights=None, multiple=1, mix=0.0):
        super().__init__()
        self.get = sequences if callable(sequences) else (lambda index, rng: sequences[index])
        self.lengths, self.targets, self.weights = np.asarray(lengths), targets, weights
        self.batch_size, self.rng, self.multiple, self.mix = batch_size, rng, multiple, mix
        self._deal()

    def _deal(self):
        noise = 0 if self.rng is None else self.rng.uniform(0.85, 1.15, len(self.lengths))
        order = np.argsort(self.lengths * (1 if self.rng is None else noise), kind="stable")
        self.batches = [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]
        if self.rng is not None:
            self.rng.shuffle(self.batches)
        # Keras takes the first two batches' shapes for those of all; the longest and the shortest come
        # first, so that it leaves the number of steps open.
        longest = [self.lengths[batch].max() for batch in self.batches]
        ends = list(dict.fromkeys([int(np.argmax(longest)), int(np.argmin(longest))]))
        self.batches = [self.batches[i] for i in ends] + [b for i, b in enumerate(self.batches) if i not in ends]

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, position):
        index = self.batches[position]
        rows = [self.get(i, self.rng) for i in index]
        features, targets = pad(rows, self.multiple), self.targets[index]
        weights = None if self.weights is None else self.weights[index]
        if self.mix and self.rng is not None:
            share = self.rng.beta(self.mix, self.mix, len(index)).astype(np.float32)
            share = np.maximum(share, 1 - share)
            other = self.rng.permutation(len(index))
            features = _blend(features, features[other], share)
            targets = _blend(targets, targets[other], share)
            if weights is not None:
                weights = _blend(weights, weights[other], share)
        return (features, targets) if weights is None else (features, targets, weights)

    def on_epoch_end(self):
        if self.rng is not None:
            self._deal()


def stream(batches: Batches):
    """What `model.fit` should read batches from: themselves, or on TensorFlow a dataset of them.

    Keras would make such a dataset, too, but one that tunes itself: when an epoch ends, its iterator waits for the
    tuning thread to wake up, for up to ten seconds in which nothing is computed.
    """
    if keras.backend.backend() != "tensorflow":
        return batches
    import tensorflow as tf

    def epoch():
        for position in range(len(batches)):
            yield batches[position]
        batches.on_epoch_end()

    features, *others = batches[0]
    steps_open = tf.TensorSpec((None, None, *features.shape[2:]), features.dtype)
    signature = (steps_open, *(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in others))
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = tf.data.Dataset.from_generator(epoch, output_signature=signature).with_options(options)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(batches)))


def _blend(a, b, share):
    share = share.reshape((-1,) + (1,) * (a.ndim - 1))
    return (a * share + b * (1 - share)).astype(np.float32)


def pad(rows, multiple=1):
    """Stack sequences of shape `(steps_i, ...)` into `(n, steps, ...)`, zeros behind, `steps` a multiple."""
    steps = math.ceil(max(len(row) for row in rows) / multiple) * multiple
    batch = np.zeros((len(rows), steps, *rows[0].shape[1:]), rows[0].dtype)
    for target, row in zip(batch, rows, strict=True):
        target[: len(row)] = row
    return batch


def cosine_schedule(peak, batches, epochs, warmup=0.1):
    """Learning rate that rises linearly over `warmup` of the run and falls to zero on a cosine."""
    total = batches * epochs
    first = max(1, int(total * warmup))
    return keras.optimizers.schedules.CosineDecay(
        peak * 0.01, decay_steps=max(1, total - first), warmup_target=peak, warmup_steps=first
    )


def predict(model, rows, batch_size=64, multiple=1, progress=None):
    """Probabilities of a list of sequences, shape `(n, labels)`, in the order given.

    Args:
        progress: called as `progress(done, total)` after every batch.
    """
    lengths = np.array([len(row) for row in rows])
    order = np.argsort(lengths, kind="stable")
    result, start = None, 0
    while start < len(order):
        size = batch_size
        if hasattr(model, "longest"):
            # Holds a score of every step for every step: fewer long sequences at once.
            longest = lengths[order[min(start + size, len(order)) - 1]]
            size = max(1, min(size, _MOST_PAIRS // longest**2))
        index = order[start : start + size]
        batch = np.asarray(model.predict_on_batch(pad([rows[i] for i in index], multiple)))
        if result is None:
            result = np.zeros((len(rows), batch.shape[1]), np.float32)
        result[index] = batch
        start += len(index)
        if progress is not None:
            progress(start, len(rows))
    return result


def _compiled(model):
    """Probabilities and maps as a function of features, compiled where that pays: an LSTM's loop in Python is slow."""

    def explained(features):
        return model(features, training=False, return_attention=True)

    if keras.backend.backend() != "tensorflow":
        return explained
    import tensorflow as tf

    return tf.function(explained, autograph=False, reduce_retracing=True)


class EachEpoch(keras.callbacks.Callback):
    """After every epoch: scores on held-out sequences, and attention on the sample inputs.

    Args:
        score: `model -> dict` of metrics, merged into the history's row.
        samples: dict from a sample's name to its features `(1, steps, ...)`.
        every: epochs from one scoring to the next.
        report: called with a line of text after every epoch.
    """

    def __init__(self, score=None, samples=None, every=1, report=print):
        super().__init__()
        self.score, self.samples, self.every, self.report = score, samples or {}, every, report
        self.rows, self.maps, self._explained = [], [], None

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch + 1} | {k: float(v) for k, v in (logs or {}).items()}
        if self.score is not None and (epoch + 1) % self.every == 0:
            row |= self.score(self.model)
        self.rows.append(row)
        frame = {}
        if self._explained is None:
            self._explained = _compiled(self.model)
        for name, features in self.samples.items():
            probabilities, maps = self._explained(features)
            frame[f"{name}/probabilities"] = np.asarray(probabilities)[0]
            for layer, weights in maps.items():
                frame[f"{name}/{layer}"] = np.asarray(weights)[0].astype(np.float16)
        self.maps.append(frame)
        self.report("  ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()))

    def stacked(self) -> dict[str, np.ndarray]:
        """The samples' maps over all epochs, keys `SAMPLE/MAP`, float16 of shape `(epochs, *axes)`."""
        keys = self.maps[0] if self.maps else ()
        return {key: np.stack([frame[key] for frame in self.maps]).astype(np.float16) for key in keys}


class StopAt(keras.callbacks.Callback):
    """Stops training once a figure of an epoch reaches a value.

    Like the thread's rule it says nothing where there is no such figure: that one read `acc`, which
    Keras logs as `accuracy` since 2.3, and so never fired.

    Args:
        metric: the figure's name in Keras' logs.
        value: training stops at or above it.
    """

    def __init__(self, metric, value):
        super().__init__()
        self.metric, self.value = metric, value

    def on_epoch_end(self, epoch, logs=None):
        if (logs or {}).get(self.metric, -np.inf) >= self.value:
            self.model.stop_training = True
