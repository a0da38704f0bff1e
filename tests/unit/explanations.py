"""Explanations made by hand, for tests that need no model."""

from __future__ import annotations

import dataclasses

import numpy as np

from models.explanation import AttentionMap, AudioInfo, Explanation, Picture, Provenance, Units
from models.frontend.audio import encode_flac
from models.frontend.tokenizer import tokenize

RATE = 16_000
TEXT = "OPEC cuts oil output 🛢️.\r\n\tقال الوزير (نعم) 👩‍👩‍👧; “NA”, null, 1.5"
TOPICS = ("crude", "grain", "earn")
EMOTIONS = ("calm", "happy", "sad")


def weights(*shape, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(shape[-1]), shape[:-1]).astype(np.float32)


def text(content=TEXT, labels=TOPICS, *, name="note.txt", **changes):
    """Multi-label, with label attention and self-attention."""
    starts, ends = tokenize(content)
    steps = len(starts)
    made = Explanation(
        modality="text",
        task="multi-label",
        units=Units("token", starts, ends, np.arange(steps) % 3 > 0),
        labels=labels,
        probabilities=np.linspace(0.9, 0.1, len(labels)),
        thresholds=np.full(len(labels), 0.5),
        attention=(
            AttentionMap("label_attention", weights(len(labels), steps), ("label", "step"), "One row a label."),
            AttentionMap("self", weights(2, steps, steps, seed=1), ("head", "query", "step")),
        ),
        provenance=Provenance("reuters", "c0ffee" * 10, name, "f00d" * 16, "0.1.0", {"model": 3.25}),
        text=content,
    )
    return dataclasses.replace(made, **changes)


def speech(labels=EMOTIONS, *, seconds=2.0, name="clip.wav", **changes):
    """Single-label, one universal-query map over the middle of a tone with sound and picture."""
    samples = (0.3 * np.sin(np.arange(int(seconds * RATE)) * 0.2)).astype(np.float32)
    edges = np.linspace(0.2, seconds - 0.2, 41)
    draw = np.random.default_rng(3)
    made = Explanation(
        modality="speech",
        task="single-label",
        units=Units("frame", edges[:-1], edges[1:]),
        labels=labels,
        probabilities=np.array([0.2, 0.7, 0.1]),
        thresholds=None,
        attention=(AttentionMap("universal_query", weights(40), ("step",), "One weight a step."),),
        provenance=Provenance("ravdess", "c0ffee" * 10, name, "f00d" * 16, "0.1.0", {"decode": 1.5, "total": 9.0}),
        audio=AudioInfo(44_100, RATE, 2, "WAV, 16-bit PCM", seconds, (0.2, seconds - 0.2)),
        picture=Picture(
            np.stack([draw.integers(-90, 0, 300), draw.integers(0, 90, 300)]),
            draw.integers(0, 256, (64, 300)),
            np.linspace(50, 8000, 64),
            -80.0,
            0.0,
        ),
        sound=encode_flac(samples, RATE),
    )
    return dataclasses.replace(made, **changes)
