"""A Streamlit page with nothing but the player on it, for test_player_component.py.

`?case=NAME` picks one of `CASES`. The "model" here is arithmetic: attention goes to loud steps, a muted step
gets none, and what is left of the attention decides the probabilities, so that the tests can tell one prediction
from another.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import streamlit as st

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from components.player import player  # noqa: E402
from models.explanation import (  # noqa: E402
    AttentionMap,
    AudioInfo,
    Explanation,
    Picture,
    Provenance,
    Units,
    Window,
)
from models.frontend import audio  # noqa: E402
from models.frontend.features import LogMel  # noqa: E402

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
STEP = 0.04
SPEC = LogMel()


def softmax(scores):
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    return scores / scores.sum(-1, keepdims=True)


def columns_of(values, count, reduce):
    return reduce.reduceat(values, np.linspace(0, len(values), count, endpoint=False).astype(int))


def picture(samples, power):
    count = int(np.clip(100 * len(samples) / SPEC.sample_rate, 600, 12_000))
    count = min(count, len(power))
    level = SPEC.decibel(columns_of(power, count, np.maximum))
    floor, ceiling = -SPEC.range_db, float(level.max())
    envelope = np.stack([columns_of(samples, count, np.minimum), columns_of(samples, count, np.maximum)])
    return Picture(
        np.round(np.clip(envelope, -1, 1) * 127),
        np.round((level.T - floor) / (ceiling - floor) * 255),
        SPEC.band_hz,
        floor,
        ceiling,
    )


def explain(samples, *, muted=(), labels=EMOTIONS, maps=None, thresholds=None, window=None, name="clip.flac", seed=1):
    """maps(steps, loudness): attention maps; by default one over steps that follows loudness."""
    rate = SPEC.sample_rate
    duration = len(samples) / rate
    power = SPEC.power(samples)
    first, last = SPEC.used(power)
    size = round(STEP / SPEC.hop_seconds)
    steps = -(-(last - first) // size)
    edges = np.minimum((first + np.arange(steps + 1) * size) * SPEC.hop_seconds, duration)
    edges[-1] = min(last * SPEC.hop_seconds, duration)
    energy = SPEC.decibel(power[first:last]).mean(1)
    loudness = np.array([energy[i * size : (i + 1) * size].mean() for i in range(steps)])
    draw = np.random.default_rng(seed)
    drift = np.cumsum(draw.normal(size=steps)) * 0.25
    if maps is None:
        scores = 0.12 * loudness + drift - np.convolve(drift, np.ones(25) / 25, "same")
        made = [AttentionMap("universal_query", softmax(scores), ("step",), "One weight for every step.")]
    else:
        made = maps(steps, loudness)
    middle = (edges[:-1] + edges[1:]) / 2
    silent = np.zeros(steps, bool)
    for a, b in muted:
        silent |= (middle >= a) & (middle < b)
    made = [dataclasses.replace(m, weights=np.where(silent, 0, m.weights)) for m in made]
    kept = float(made[0].weights.sum(-1).mean()) if made else 1.0
    probabilities = softmax(draw.normal(size=len(labels)) * 1.6)
    probabilities = probabilities * kept + (1 - kept) / len(labels)
    windows = []
    if window:
        for start in np.arange(0, max(duration - window / 2, 1), window / 2):
            end = min(start + window, duration)
            windows.append(Window(start, end, softmax(draw.normal(size=len(labels)) * 1.5)))
    return Explanation(
        modality="speech",
        task="single-label" if thresholds is None else "multi-label",
        units=Units("frame", edges[:-1], edges[1:]),
        labels=labels,
        probabilities=probabilities,
        thresholds=None if thresholds is None else np.full(len(labels), thresholds),
        attention=made,
        provenance=Provenance("ravdess-demo", "0123456789abcdef", name, f"{seed:04d}", "0.1.0"),
        audio=AudioInfo(48000, rate, 1, "FLAC, 16-bit", duration, (edges[0], edges[-1])),
        windows=windows,
        picture=picture(samples, power),
        sound=audio.encode_flac(samples, rate),
        changed=muted,
    )


def sample(name):
    data = (ROOT / "assets" / "samples" / name).read_bytes()
    return audio.decode(data, sample_rate=SPEC.sample_rate, name=name).samples


def minutes(count):
    story = sample("long_story.flac")
    needed = round(count * 60 * SPEC.sample_rate)
    return np.tile(story, -(-needed // len(story)))[:needed]


def uniform(steps, loudness):
    return [AttentionMap("even", np.full(steps, 1 / steps), ("step",))]


def nearly_uniform(steps, loudness):
    noise = 1 + 0.05 * np.random.default_rng(3).normal(size=steps)
    return [AttentionMap("nearly_even", noise / noise.sum(), ("step",))]


def heads(steps, loudness):
    draw = np.random.default_rng(8)
    distance = abs(np.subtract.outer(np.arange(steps), np.arange(steps)))
    own = softmax(0.2 * loudness + draw.normal(size=(4, steps, steps)) - 0.02 * distance)
    return [
        AttentionMap("self_attention", own, ("head", "query", "step"), "Steps look at steps."),
        AttentionMap("universal_query", softmax(0.2 * loudness), ("step",)),
    ]


def per_label(steps, loudness):
    draw = np.random.default_rng(4)
    return [AttentionMap("label_attention", softmax(2 * draw.normal(size=(len(EMOTIONS), steps))), ("label", "step"))]


HOSTILE = ("<b>one</b>", "<img src=x onerror='window.pwned = 1'>")
CASES = {
    "clip": lambda muted: explain(sample("two_moods.flac"), muted=muted, name="two_moods.flac"),
    "edges": lambda muted: explain(sample("silence_around.flac"), muted=muted, name="silence_around.flac"),
    "story": lambda muted: explain(sample("long_story.flac"), muted=muted, window=5.0, name="long_story.flac"),
    "five": lambda muted: explain(minutes(5), muted=muted, window=5.0, name="five minutes"),
    "ten": lambda muted: explain(minutes(10), muted=muted, window=5.0, name="ten minutes"),
    "uniform": lambda muted: explain(sample("flat.flac"), muted=muted, maps=uniform),
    "noise": lambda muted: explain(sample("flat.flac"), muted=muted, maps=nearly_uniform),
    "heads": lambda muted: explain(sample("flat.flac"), muted=muted, maps=heads),
    "labels": lambda muted: explain(sample("flat.flac"), muted=muted, maps=per_label, thresholds=0.2),
    "nothing": lambda muted: explain(sample("flat.flac"), muted=muted, maps=lambda *_: []),
    "hostile": lambda muted: explain(
        sample("flat.flac"), muted=muted, labels=HOSTILE, name="</script><script>window.pwned = 2</script>"
    ),
    "silence": lambda muted: explain(np.zeros(32_000, np.float32), muted=muted),
    "mute": lambda muted: dataclasses.replace(explain(sample("flat.flac"), muted=muted), sound=None, picture=None),
    "broken": lambda muted: dataclasses.replace(explain(sample("flat.flac"), muted=muted), sound=b"no flac at all"),
}


def main():
    st.set_page_config(layout="wide")
    case = CASES[st.query_params.get("case", "clip")]
    state = st.session_state
    if "events" not in state:
        state.events, state.muted = [], []
        state.original = case(())
        state.shown = state.original
    before = state.original if state.muted else None
    event = player(state.shown, before=before, key="player", can_predict="saved" not in st.query_params)
    st.button("Run again")
    st.text(f"events: {state.events}")
    if event:
        state.events.append(event)
        state.muted = event.get("muted", [])
        state.shown = case(tuple(map(tuple, state.muted)))
        st.rerun()


if __name__ == "__main__":
    main()
