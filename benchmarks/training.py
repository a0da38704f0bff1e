"""How much faster the default speech network trains with LSTMs as one operation (`models.fused_lstm`).

Both ways in one run, taken in turn, one CPU thread, noise for clips: medians of `ROUNDS` epochs of 20 batches, and
their ratio. Run: `python -m benchmarks.training`
"""

from __future__ import annotations

import contextlib
import statistics
import time

import keras
import numpy as np

from models import checkpoints
from models.fused_lstm import fused_lstm
from models.recipes import RECIPES
from models.training import Batches, stream

ROUNDS = 3
BATCHES = 20
FRAMES = (220, 380)


def trainer(recipe):
    """A function that trains the recipe's network for an epoch."""
    rng = np.random.default_rng(0)
    bands, labels, n = 64, 8, BATCHES * recipe.batch_size
    clips = [rng.normal(size=(int(rng.integers(*FRAMES)), bands)).astype(np.float32) for _ in range(n)]
    hyperparameters = {"labels": labels, "bands": bands} | recipe.hyperparameters
    config = {"architecture": recipe.architecture, "modality": "speech", "hyperparameters": hyperparameters}
    model = checkpoints.build(config)
    targets = np.eye(labels, dtype=np.float32)[rng.integers(0, labels, n)]
    batches = Batches(clips, [len(c) for c in clips], targets, recipe.batch_size, rng, multiple=model.step_frames)
    model.compile(keras.optimizers.AdamW(recipe.learning_rate, clipnorm=1.0), "categorical_crossentropy")
    return lambda: model.fit(stream(batches), shuffle=False, epochs=1, verbose=0)


def main():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    recipe = RECIPES["ravdess-scratch"]
    ways = {"a loop of operations": contextlib.nullcontext, "one operation": fused_lstm}
    trainers = {}
    for name, way in ways.items():
        trainers[name] = trainer(recipe)
        with way():
            trainers[name]()  # traces, so that the LSTMs stay as they were traced
    seconds = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, train in trainers.items():
            began = time.perf_counter()
            train()
            seconds[name].append(time.perf_counter() - began)
    loop, fused = (statistics.median(values) for values in seconds.values())
    print("| LSTM as | seconds for 20 batches | ratio |\n| --- | ---: | ---: |")
    print(f"| a loop of operations | {loop:.2f} | 1 |\n| one operation | {fused:.2f} | {fused / loop:.2f} |")


if __name__ == "__main__":
    main()
