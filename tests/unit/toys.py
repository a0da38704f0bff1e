"""Networks whose truth is known, behind checkpoints that were never saved, for tests of the tests."""

from __future__ import annotations

import functools
import io
from types import SimpleNamespace

import keras
import numpy as np
import soundfile
from keras import ops

from models.checkpoints import Checkpoint
from models.explain import explain_clip, explain_text
from models.frontend.speech import SpeechFrontend
from models.frontend.tokenizer import Vocabulary

# Word → (what it adds to the probability, how strongly it is attended to). The unknown word has neither.
WORDS = {"plain": (0.0, 0.0), "good": (0.2, 0.0), "shown": (0.0, 6.0), "both": (0.2, 6.0)}
RATE = 16000


class ToyText(keras.Model):
    """`p = 0.1 + sum of the words' effects`, whatever attention does; or attention-pooled, or attention over one step.

    Args:
        kind: `"linear"` (attention is shown and not used), `"pooled"` (`p = 0.1 + 0.8 sum_t a_t effect_t / 0.2`),
            `"one-step"`, `"none"` (linear, and nothing attends), `"sealed"` (linear, its weights cannot be replaced) or
            `"two"` (linear, and a second map that looks at the words that matter).
    """

    attention_axes = {"toy": ("step",)}
    attention_descriptions = {"toy": "A toy's attention."}

    def __init__(self, kind="linear", unknown_attended=0.0):
        super().__init__()
        self.kind = kind
        if kind == "none":
            self.attention_axes, self.attention_descriptions = {}, {}
        if kind == "two":
            self.attention_axes = {"toy": ("step",), "second": ("step",)}
            self.attention_descriptions = dict.fromkeys(self.attention_axes, "A toy's attention.")
        self.supports_replacement = kind != "sealed"
        self.table = np.array([(0, 0), (0, unknown_attended), *WORDS.values()], np.float32)

    def embed(self, features):
        return ops.take(ops.convert_to_tensor(self.table), features, axis=0)

    def encode(self, embedded, mask=None, training=False):
        return embedded, mask

    def attend(self, states, mask=None, attention_weights=None, training=False):
        valid = ops.cast(mask, "float32")
        weights = attention_weights
        if weights is None:
            weights = ops.exp(states[..., 1]) * valid
            weights = weights / ops.maximum(ops.sum(weights, axis=-1, keepdims=True), 1e-9)
            if self.kind == "one-step":
                weights = ops.ones_like(weights[:, :1])
        effect = ops.sum(states[..., 0] * valid, axis=-1)
        if self.kind == "pooled":
            effect = 4 * ops.sum(weights * states[..., 0], axis=-1)
        p = 0.1 + effect
        return ops.stack([p, 1 - p], axis=-1), weights

    def call(self, features, mask=None, training=False, return_attention=False):
        states, mask = self.embed(features), ops.not_equal(features, 0)
        probabilities, weights = self.attend(states, mask)
        maps = {"toy": weights, "second": ops.softmax(ops.where(mask, 40 * states[..., 0], -1e9))}
        return (
            (probabilities, {name: maps[name] for name in self.attention_axes}) if return_attention else probabilities
        )


class ToySpeech(keras.Model):
    """`p = 0.5 + sum over frames and bands of a fixed slope by time`, and attention that is that slope's softmax."""

    attention_axes = {"toy": ("step",)}
    attention_descriptions = {"toy": "A toy's attention."}
    step_frames = 4

    def __init__(self, slope):
        super().__init__()
        self.slope = np.zeros(4000, np.float32)
        self.slope[: len(slope)] = slope

    def embed(self, features):
        return features

    def encode(self, embedded, mask=None, training=False):
        return embedded, mask[:, :: self.step_frames]

    def attend(self, states, mask=None, attention_weights=None, training=False):
        frames = ops.shape(states)[1]
        slope = ops.convert_to_tensor(self.slope)[:frames]
        p = 0.5 + ops.sum(ops.sum(states, axis=-1) * slope, axis=-1)
        weights = attention_weights
        if weights is None:
            score = ops.where(ops.not_equal(slope[:: self.step_frames], 0), 4.0, 0.0)
            weights = ops.exp(score) * ops.cast(mask, "float32")
            weights = weights / ops.maximum(ops.sum(weights, axis=-1, keepdims=True), 1e-9)
        return ops.stack([p, 1 - p], axis=-1), weights

    def call(self, features, mask=None, training=False, return_attention=False):
        mask = ops.any(ops.not_equal(features, 0.0), axis=-1)
        probabilities, weights = self.attend(*self.encode(features, mask))
        return (probabilities, {"toy": weights}) if return_attention else probabilities


# Cached, as every new checkpoint traces its graphs anew.
@functools.cache
def _text_checkpoint(kind, thresholds, unknown_attended):
    task = "multi-label" if thresholds else "single-label"
    config = {"modality": "text", "task": task, "labels": ["yes", "no"], "thresholds": thresholds, "title": "Toy"}
    return Checkpoint("toy", config, ToyText(kind, unknown_attended), Vocabulary(list(WORDS)), None)


@functools.cache
def _clip_checkpoint(slope, window_seconds, mean):
    log_mel = {"sample_rate": RATE, "bands": 16}
    windows = {"window_seconds": window_seconds, "window_hop_seconds": window_seconds / 2}
    frontend = SpeechFrontend(log_mel, np.full(16, mean), np.full(16, 10.0), **windows)
    config = {"modality": "speech", "task": "single-label", "labels": ["yes", "no"], "title": "Toy"}
    return Checkpoint("toy", config, ToySpeech(slope), None, frontend)


def text(words, kind="linear", thresholds=None, masked=(), unknown_attended=0.0):
    """A toy checkpoint and its explanation of a text."""
    checkpoint = _text_checkpoint(kind, tuple(thresholds) if thresholds else None, unknown_attended)
    return checkpoint, explain_text(checkpoint, words, masked=masked)


def clip(slope, seconds=1.6, window_seconds=5.0, muted=(), mean=-5.0):
    """A toy checkpoint and its explanation of noise that swells and fades."""
    checkpoint = _clip_checkpoint(tuple(np.asarray(slope).tolist()), window_seconds, mean)
    rng = np.random.default_rng(0)
    time = np.arange(int(seconds * RATE)) / RATE
    samples = (rng.normal(0, 0.1, len(time)) * (1.1 + np.sin(9 * time))).astype(np.float32)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format="FLAC", subtype="PCM_16")
    return checkpoint, explain_clip(checkpoint, buffer.getvalue(), muted=muted)


def steps_slope(steps, value, count):
    """A slope by frame that is `value` in the given steps of 4 frames, zero elsewhere."""
    slope = np.zeros((count, 4), np.float32)
    slope[list(steps)] = value
    return slope.ravel()


def linear(effects):
    """A subject without a network: 0.1 plus the effects of the steps that are left."""
    effects = np.asarray(effects, float)

    def probabilities(removed, removal=None, progress=None):
        p = 0.1 + (~np.asarray(removed)) @ effects
        return np.stack([p, 1 - p], axis=1)

    return SimpleNamespace(steps=len(effects), probabilities=probabilities)
