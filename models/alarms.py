"""What should make anyone doubt a map, whatever it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models import familiarity
from models.familiarity import spectrum_distance, too_many_unknown
from models.frontend.tokenizer import UNKNOWN

# Looking evenly at this share of the steps or more is uniform within noise: the weights then differ from
# uniform ones by at most 16 % of their mass (Pinsker's inequality).
UNIFORM = 0.95
# More of the weight than this on silence or unknown words, and clearly more than uniform weights would put there.
UNHEARD, UNHEARD_TIMES = 0.25, 1.1
# A single-label answer below this is more likely wrong than right by the network's own account; and an answer
# with more than this share of the entropy of blind guessing is close to it (of two labels: 0.68 or less).
SURE, BLIND = 0.5, 0.9
# What a clip's `spectrum_distance` may be where its checkpoint keeps no `familiarity.json`: between what 99 % of
# RAVDESS' clips stay within (0.64) and the largest of them (0.85).
UNLIKE = 0.75


@dataclass(frozen=True)
class Alarm:
    """One reason for doubt.

    Args:
        kind: `"one-step"`, `"uniform"`, `"silence"`, `"unknown-words"`, `"unsure"` or `"unlike-training"`.
        seen: one sentence: what was seen, with its figure.
        why: one sentence: why it matters.
        advice: one sentence: what to do.
        value: the figure itself.
        limit: what it was held against.
    """

    kind: str
    seen: str
    why: str
    advice: str
    value: float
    limit: float


def alarms(subject, label, figures) -> tuple[Alarm, ...]:
    """Every reason for doubt in one explained input, the gravest first.

    Args:
        subject: a `Subject` that has run.
        label: index of the label under test.
        figures: `models.trust.Figures` of the map under test; `None` where the network has no attention.
    """
    one_step = figures and _one_step(subject, figures)
    several = figures is not None and one_step is None
    found = (
        one_step,
        _uniform(figures) if several else None,
        _unheard(subject, figures) if several else None,
        _unsure(subject, label),
        _unlike(subject),
    )
    return tuple(alarm for alarm in found if alarm is not None)


def _one_step(subject, figures):
    if subject.attended[figures.map] > 1:
        return None
    always = figures.steps > 1
    return Alarm(
        "one-step",
        f"The attention layer sees a single step{' that holds the whole input' if always else ''}, so its weight is "
        "always 1.",
        "A weight that cannot be anything else says nothing: here the attention layer cannot matter.",
        "Choose a network whose attention looks at several steps." if always else "Use a longer input.",
        1,
        1,
    )


def _uniform(figures):
    share = figures.effective / figures.steps
    if share < UNIFORM:
        return None
    return Alarm(
        "uniform",
        f"Attention is spread evenly: it looks at {figures.effective:.0f} of {figures.steps} steps' worth.",
        "Which steps come out on top is then chance; the ranking carries no message.",
        "Do not read the ups and downs of this map; look at another label, another input or the other witnesses.",
        share,
        UNIFORM,
    )


def _unheard(subject, figures):
    mass, share = figures.unheard_mass, figures.unheard_share
    if mass <= UNHEARD or mass <= UNHEARD_TIMES * share:
        return None
    if subject.explanation.modality == "speech":
        return Alarm(
            "silence",
            f"{_percent(mass)} of the attention lies on near-silent moments, which are {_percent(share)} of the used "
            "part.",
            "Nothing is said there; the network may be parking its attention, or listening to room noise.",
            "Mute these moments in the player and see whether the answer changes.",
            mass,
            UNHEARD,
        )
    return Alarm(
        "unknown-words",
        f"{_percent(mass)} of the attention lies on words the network does not know, which are {_percent(share)} of "
        "the text.",
        "All unknown words look alike to it, so it cannot have reacted to what these words mean.",
        "Check the spelling and the language, or put known words in their place and predict again.",
        mass,
        UNHEARD,
    )


def _unsure(subject, label):
    explanation = subject.explanation
    p = explanation.probabilities
    top = int(explanation.ranking()[0])
    why = "Attention belongs to an answer; where there hardly is one, the map explains little."
    if explanation.thresholds is None:
        entropy = float(-(p * np.log(np.maximum(p, 1e-12))).sum() / np.log(len(p))) if len(p) > 1 else 0.0
        if p[top] >= SURE and entropy <= BLIND:
            return None
        return Alarm(
            "unsure",
            f"The network is not sure: its best answer, {explanation.labels[top]}, has {_percent(p[top])} "
            f"(entropy of the answer {_percent(entropy)}, where 100 % is blind guessing).",
            why,
            "Treat both the answer and its map as a guess; try a clearer or longer input.",
            float(p[top]) if p[top] < SURE else entropy,
            SURE if p[top] < SURE else BLIND,
        )
    if explanation.predicted()[label]:
        return None
    threshold = float(explanation.thresholds[label])
    return Alarm(
        "unsure",
        f"The network does not assert {explanation.labels[label]}: {_percent(p[label])} is below its threshold of "
        f"{_percent(threshold)}.",
        why,
        "Choose a label the network asserts, or read this map as “where it looked and found too little”.",
        float(p[label]),
        threshold,
    )


def _unlike(subject):
    known = familiarity.read(subject.checkpoint)
    return _odd_sound(subject, known) if subject.explanation.modality == "speech" else _odd_words(subject, known)


def _odd_sound(subject, known):
    # What the user muted is no fault of the recording.
    off, limit = spectrum_distance(subject.untouched()), known.limit if known else UNLIKE
    if off <= limit:
        return None
    against = f"; 99 % of the {known.n:,} clips of its corpus are within {limit:.2f}" if known else ""
    return Alarm(
        "unlike-training",
        f"The clip's average sound colour is {off:.2f} standard deviations away from the training clips'{against}.",
        "Microphone, room, noise or speaker differ from all the network has learned from; it may answer at random.",
        "Record closer and without noise, and trust the answer less.",
        off,
        limit,
    )


def _odd_words(subject, known):
    """Only checkpoints that keep how many unknown words texts of their corpus have can tell."""
    if known is None:
        return None
    # A word that the user masked is known all the same.
    units = subject.explanation.units
    indices = subject.checkpoint.vocabulary.encode(subject.explanation.text, units.starts, units.ends)
    unknown, words = int((indices == UNKNOWN).sum()), len(indices)
    if not too_many_unknown(unknown, words, known.limit):
        return None
    return Alarm(
        "unlike-training",
        f"The network does not know {unknown:,} of the {words:,} words ({_percent(unknown / words)}); in 99 % of "
        f"{known.n:,} texts of its corpus it is at most {_percent(known.limit)}.",
        "Language, spelling or subject differ from all the network has learned from; it may answer at random.",
        "Check language and spelling, or choose a network that was trained on texts like this one.",
        unknown / words,
        known.limit,
    )


def _percent(share):
    return f"{100 * share:.0f} %"
