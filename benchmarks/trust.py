"""How many times longer the default set of tests takes than one explanation of the same input.

Both warm, taken alternately in one run, medians: a ratio, as machines are noisy. The target is 25.
Run: `python -m benchmarks.trust`
"""

from __future__ import annotations

import statistics
import time

from benchmarks.explanation import clip_of, text_of
from models import checkpoints
from models.explain import explain_clip, explain_text
from models.trust import assess

ROUNDS = 7
WORDS = 300


def compare(checkpoint, explain):
    """Medians in seconds of explaining and of testing, taken in turn; the number of variants run; the first test."""
    explanation = explain()
    start = time.perf_counter()
    assess(checkpoint, explanation)
    first = time.perf_counter() - start
    times = ([], [])
    for _ in range(ROUNDS):
        start = time.perf_counter()
        explanation = explain()
        middle = time.perf_counter()
        trust = assess(checkpoint, explanation)
        times[0].append(middle - start)
        times[1].append(time.perf_counter() - middle)
    return *(statistics.median(kept) for kept in times), trust.evaluations, first


def main():
    speech, topics = checkpoints.load("ravdess"), checkpoints.load("reuters")
    data, text = clip_of(4), text_of(WORDS)
    rows = [
        ("4 s clip, 8 labels", compare(speech, lambda: explain_clip(speech, data))),
        (f"{WORDS} words, 90 labels", compare(topics, lambda: explain_text(topics, text))),
    ]
    print("| input | one explanation, ms | default tests, ms | ratio | target | variants run | first test, s |")
    print(f"| --- {'| ---: ' * 6}|")
    for name, (one, tests, variants, first) in rows:
        print(
            f"| {name} | {1000 * one:.0f} | {1000 * tests:.0f} | {tests / one:.1f} | ≤ 25 | {variants} | {first:.1f} |"
        )


if __name__ == "__main__":
    main()
