"""What the rule of the verdict says of real inputs: how often which judgement, and how often it is fooled by chance.

For every input, attention is judged as the app judges it; then random patterns take attention's place, and how
often these are called supported or partly supported is the rule's rate of false positives. By its construction a
pattern that knows nothing passes one of the two questions in at most 5 % of cases (2 of 40 places, or 1 of 31
orders). Speech: RAVDESS actors 1 to 4, fold 0's validation clips. The shipped network, which is trained on all
folds, has learned from them, too. Text: stories of Reuters' test split, 40 to 200 tokens.

Run: `python -m benchmarks.verdicts ../shared/data [clips] [stories]`
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from models import checkpoints, datasets
from models.explain import explain_clip, explain_text
from models.faithfulness import FRACTIONS, ORDERS, SHIFTS, curves
from models.subjects import subject
from models.trust import QUICK_FRACTIONS, judge

ACTORS = (1, 2, 3, 4)
TOKENS = (40, 200)
# Random patterns that take attention's place on each input.
PATTERNS = 3
# A random pattern of sound is noise smoothed over so many steps, as attention takes whole stretches.
STRETCH = 7


def clips(checkpoint, folder, count, rng):
    """Explanations of clips of these actors, drawn at random."""
    items = [item for item in datasets.ravdess(folder) if item.speaker in ACTORS]
    for index in rng.permutation(len(items))[:count]:
        yield explain_clip(checkpoint, items[index].path.read_bytes(), name=items[index].path.name)


def stories(checkpoint, folder, count, rng):
    """Explanations of stories of the test split, drawn at random."""
    items, _ = datasets.reuters(folder, "test")
    for index in rng.permutation(len(items)):
        explanation = explain_text(checkpoint, items[index].text)
        if TOKENS[0] <= len(explanation.units) <= TOKENS[1]:
            yield explanation
            count -= 1
            if not count:
                return


def pattern(rng, steps, baseline):
    """Scores that know nothing of the input; smooth (round and round) where stretches are held against stretches."""
    noise = rng.random(steps)
    if baseline == "scattered":
        return noise
    return sum(np.roll(noise, shift) for shift in range(STRETCH))


def judged(tested, label, scores, baseline, fractions, seed):
    """The judgement on scores `(steps,)`, as the app's default tests give it."""
    orders = SHIFTS if baseline == "shifted" else ORDERS
    found, random = curves(
        tested, label, {"attention": scores}, fractions=fractions, orders=orders, seed=seed, baseline=baseline
    )
    return judge(found[0], random, tested.steps).judgement


def measure(checkpoint, explanations, settings):
    """Two counters of judgements for each setting: of attention, and of random patterns."""
    said = {setting: (Counter(), Counter()) for setting in settings}
    for seed, explanation in enumerate(explanations):
        tested, rng = subject(checkpoint, explanation), np.random.default_rng(seed)
        label = int(explanation.ranking()[0])
        for baseline, fractions in settings:
            own, luck = said[baseline, fractions]
            attention = explanation.attention[0].select(label=label)
            own[judged(tested, label, attention, baseline, fractions, seed)] += 1
            for _ in range(PATTERNS):
                luck[judged(tested, label, pattern(rng, tested.steps, baseline), baseline, fractions, seed)] += 1
    return said


def main(data, count_clips=40, count_stories=40):
    data = Path(data)
    parts = (
        ("ravdess", clips, data / "ravdess", count_clips, ("shifted", "scattered")),
        ("reuters", stories, data / "reuters", count_stories, ("scattered",)),
    )
    print("| inputs | held against | fractions | supported | partly | not supported | untestable |", end="")
    print(f" random patterns supported | partly |\n{'| --- ' * 3}{'| ---: ' * 6}|")
    for name, draw, folder, count, baselines in parts:
        checkpoint, rng = checkpoints.load(name), np.random.default_rng(0)
        settings = [(baseline, fractions) for baseline in baselines for fractions in (QUICK_FRACTIONS, FRACTIONS)]
        said = measure(checkpoint, draw(checkpoint, folder, count, rng), settings)
        for (baseline, fractions), (own, luck) in said.items():
            shares = [own[word] for word in ("supported", "partly", "not supported", "untestable")]
            tested = sum(luck.values()) - luck["untestable"]
            rates = [
                f"{luck[word]} of {tested} ({luck[word] / max(tested, 1):.1%})" for word in ("supported", "partly")
            ]
            row = (f"{sum(own.values())} of {name}", baseline, len(fractions), *shares, *rates)
            print(f"| {' | '.join(map(str, row))} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "../shared/data", *map(int, sys.argv[2:4]))
