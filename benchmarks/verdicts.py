"""What the rule of the verdict says of real inputs: how often which judgement, and how often it is fooled by chance.

On every input the app's default tests judge attention; then occlusion in its place, which knows something (a rule that
never supports it has no power); then random patterns, which know nothing: how often these are called
supported or partly supported is the rule's rate of false positives. By the rule's construction a pattern of the
baseline's own kind passes each of the two questions in at most 5 % of cases (2 of 40 places, or 1 of 31
orders). Speech: RAVDESS actors 1 to 4; the shipped network, which is trained on all folds, has learned from them, the
compared network has not, but hears in steps of 80 ms, so that most clips are too short to move a pattern along. Random
patterns of sound are smooth, as attention is. Text: stories of 40 to 200 tokens from the tenth of Reuters' training
documents that training held out.

Run: `python -m benchmarks.verdicts ../shared/data [clips] [stories]`
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from models import checkpoints, validation
from models.attribution import occlusion
from models.explain import explain_clip, explain_text
from models.faithfulness import ORDERS, SHIFTS, curves
from models.subjects import subject
from models.trust import JUDGEMENTS, QUICK_FRACTIONS, QUICK_SEGMENTS, judge

TOKENS = (40, 200)
# Random patterns that take attention's place on each input.
PATTERNS = 3
# A random pattern of sound is noise smoothed over so many steps (about 0.25 s), as attention takes whole stretches.
STRETCH = {"ravdess-scratch": 7, "bilstm-query": 3}


def clips(checkpoint, folder, count, rng):
    """Explanations of clips of the held-out actors, drawn at random."""
    items = validation.inputs(checkpoint, folder).items
    for index in rng.permutation(len(items))[:count]:
        yield explain_clip(checkpoint, items[index].path.read_bytes(), name=items[index].path.name)


def stories(checkpoint, folder, count, rng):
    """Explanations of held-out stories, drawn at random."""
    items = validation.inputs(checkpoint, folder).items
    for index in rng.permutation(len(items)):
        explanation = explain_text(checkpoint, items[index].text)
        if TOKENS[0] <= len(explanation.units) <= TOKENS[1]:
            yield explanation
            count -= 1
            if not count:
                return


def pattern(rng, steps, stretch):
    """Scores that know nothing of the input, smoothed (round and round) over so many steps."""
    noise = rng.random(steps)
    return sum(np.roll(noise, shift) for shift in range(stretch))


def judgements(tested, label, scores, baseline, seed):
    """The judgement on each of the scores, by name, as the app's default tests give it."""
    options = {"fractions": QUICK_FRACTIONS, "seed": seed, "baseline": baseline}
    if baseline == "scattered":
        # The same random orders serve all.
        found, random = curves(tested, label, scores, orders=ORDERS, **options)
        return {curve.name: judge(curve, random, tested.steps).judgement for curve in found}
    said = {}
    for name, own in scores.items():
        (curve,), random = curves(tested, label, {name: own}, orders=SHIFTS, **options)
        said[name] = judge(curve, random, tested.steps).judgement
    return said


def measure(checkpoint, explanations, baselines, stretch):
    """For each baseline a dict from `"attention"`, `"occlusion"` and `"random"` to a counter of judgements."""
    said = {baseline: defaultdict(Counter) for baseline in baselines}
    for seed, explanation in enumerate(explanations):
        tested, rng = subject(checkpoint, explanation), np.random.default_rng(seed)
        label = int(explanation.ranking()[0])
        scores = {
            "attention": explanation.attention[0].select(label=label),
            "occlusion": occlusion(tested, label, segments=QUICK_SEGMENTS).scores,
        }
        scores |= {f"random {i}": pattern(rng, tested.steps, stretch) for i in range(PATTERNS)}
        for baseline in baselines:
            for name, word in judgements(tested, label, scores, baseline, seed).items():
                said[baseline][name.split()[0]][word] += 1
    return said


def main(data, count_clips=40, count_stories=40):
    data = Path(data)
    parts = (
        ("ravdess-scratch", clips, data / "ravdess", count_clips, ("shifted", "scattered")),
        ("bilstm-query", clips, data / "ravdess", count_clips, ("scattered",)),
        ("reuters", stories, data / "reuters", count_stories, ("scattered",)),
    )
    print(f"| inputs | judged | held against | n | {' | '.join(JUDGEMENTS)} |\n{'| --- ' * 3}{'| ---: ' * 5}|")
    for name, draw, folder, count, baselines in parts:
        checkpoint, rng = checkpoints.load(name), np.random.default_rng(0)
        said = measure(checkpoint, draw(checkpoint, folder, count, rng), baselines, STRETCH.get(name, 1))
        for baseline, counted in said.items():
            for who, words in counted.items():
                total = words.total()
                shares = [f"{words[word]} ({words[word] / total:.1%})" for word in JUDGEMENTS]
                print(f"| {name} | {who} | {baseline} | {total} | {' | '.join(shares)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "../shared/data", *map(int, sys.argv[2:4]))
