"""How much longer a complete Explanation takes than the bare forward pass of the same network.

Both warm, taken alternately in one run, medians of 30: a ratio, as machines are noisy.
Run: `python -m benchmarks.explanation`
"""

from __future__ import annotations

import io
import statistics
import time
from pathlib import Path

import numpy as np
import soundfile

from models import checkpoints
from models.explain import explain_clip, explain_text
from models.frontend import audio
from models.frontend.tokenizer import tokenize

ROUNDS = 30
WARM_UP = 3
SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "samples"


def clip_of(seconds):
    """Bytes of a 16-bit wav of our own speech, 48 kHz stereo as a phone would record it."""
    samples, rate = soundfile.read(SAMPLES / "long_story.flac", dtype="float32")
    import soxr

    samples = soxr.resample(samples[: int(seconds * rate)], rate, 48000)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([samples, samples], axis=1), 48000, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def text_of(tokens):
    """Our long market digest, repeated up to exactly so many tokens."""
    text = (SAMPLES / "market_digest.txt").read_text(encoding="utf-8")
    while len(tokenize(text)[0]) < tokens:
        text += "\n" + text
    return text[: tokenize(text)[1][tokens - 1]]


def compare(*functions):
    """Medians in milliseconds of functions called in turn."""
    times = [[] for _ in functions]
    for round_ in range(WARM_UP + ROUNDS):
        for function, kept in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            if round_ >= WARM_UP:
                kept.append((time.perf_counter() - start) * 1000)
    return [statistics.median(kept) for kept in times]


def main():
    speech, topics = checkpoints.load("ravdess"), checkpoints.load("reuters")
    data, text = clip_of(4), text_of(3000)

    clip = audio.decode(data, sample_rate=speech.frontend.log_mel.sample_rate)
    window = speech.frontend(clip.samples, speech.model.step_frames).windows[0][None]
    starts, ends = tokenize(text)
    tokens = topics.vocabulary.encode(text, starts, ends)[None]

    rows = [
        ("4 s clip, 8 labels", 2.0, compare(lambda: speech.forward(window), lambda: explain_clip(speech, data))),
        ("3,000 tokens, 90 labels", 1.5, compare(lambda: topics.forward(tokens), lambda: explain_text(topics, text))),
    ]
    print(f"| input | bare forward pass, ms | complete Explanation, ms | ratio | target |\n{'| --- ' + '| ---: ' * 4}|")
    for name, target, (bare, complete) in rows:
        print(f"| {name} | {bare:.0f} | {complete:.0f} | {complete / bare:.2f} | ≤ {target} |")


if __name__ == "__main__":
    main()
