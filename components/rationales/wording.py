"""What the two kinds of marks say, in words and tables; importable without Streamlit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from components.wording import percent, probability
from models.datasets import MarkedItem
from models.explanation import Explanation

INTRODUCTION = (
    "People read these film reviews and marked the words that justify the verdict: their rationale. Here their marks "
    "and the network’s are in one text. Where they agree, the network’s map is plausible: it is what a person would "
    "have said. That does not make it true of the network, which may have other reasons; the page “Text” tests that."
)
LAYOUT = (
    "One review a line, each a JSON object: `id`, `label` (`NEG` or `POS`), `tokens` (a list of words) and "
    "`rationales` (a list of `[first, last + 1]`, counted in tokens). Our own samples, below, are such a file."
)
WITNESSES = {
    "attention": "how much the network looked at each word.",
    "gradient-input": "how fast the answer changes when a word is turned up a little.",
    "integrated-gradients": "how much each word adds on the way from unknown words to this review.",
    "occlusion": "how far the answer falls when a word is taken away.",
    "smoothgrad": "gradient × input, averaged over slightly noisy copies.",
}
MEASURES = {
    "token_f1": "Token F1",
    "iou_f1": "Passage (IOU) F1",
    "auprc": "AUPRC",
    "average_precision": "Average precision",
}
_FIRST_WORDS = 8


def title(item: MarkedItem, verdict: str) -> str:
    """A review in a list: its id, people's verdict, its first words."""
    last = item.ends[min(_FIRST_WORDS, len(item.ends)) - 1]
    return f"{item.name} ({verdict}): {item.text[:last]} …"


def answer(explanation: Explanation, verdict: str) -> str:
    """What people and the network answered."""
    best = int(explanation.ranking()[0])
    label = explanation.labels[best]
    sure = probability(explanation.probabilities[best])
    said = f"People call this review {verdict}; the network answers {label} ({sure})."
    if verdict not in explanation.labels:
        return said + " It was trained for another question, so expect no agreement: choose another checkpoint."
    return said if label == verdict else said + " It is wrong, so its marks are reasons for the wrong answer."


def agreement(item: MarkedItem, comparison) -> str:
    """How many of the network's words people marked, against chance."""
    chosen, both = int(comparison.chosen.sum()), int((comparison.chosen & item.marked).sum())
    share = float(item.marked.mean())
    if not item.marked.any():
        return "People marked nothing in this review, so there is nothing to compare with."
    return (
        f"Of the network’s {chosen} top words people marked {both} ({percent(both / chosen)}). Words picked at random "
        f"would hit {percent(share)}, as people marked {int(item.marked.sum())} of the {len(item.marked)} words. As "
        "many words are compared as people marked on average over all reviews of this collection."
    )


def passages(item: MarkedItem, comparison) -> pd.DataFrame:
    """People's passages: their words, how many of these the network chose, and the share of its positive scores."""
    positive = np.maximum(comparison.scores, 0)
    total = positive.sum() or 1
    return pd.DataFrame(
        {
            "people marked": [item.text[item.starts[a] : item.ends[b - 1]] for a, b in item.passages],
            "words": [b - a for a, b in item.passages],
            "of these chosen": [int(comparison.chosen[a:b].sum()) for a, b in item.passages],
            "share of the scores": [float(positive[a:b].sum() / total) for a, b in item.passages],
        }
    )


def chosen_words(item: MarkedItem, comparison) -> pd.DataFrame:
    """The network's words that are compared, strongest first."""
    order = [i for i in np.argsort(-comparison.scores, kind="stable") if comparison.chosen[i]]
    return pd.DataFrame(
        {
            "word": [item.text[item.starts[i] : item.ends[i]] for i in order],
            "position": [i + 1 for i in order],
            "score": [float(comparison.scores[i]) for i in order],
            "marked by people": [bool(item.marked[i]) for i in order],
        }
    )


def over_all(kept) -> pd.DataFrame:
    """Every witness over a whole collection, from `models.plausibility_kept`: figures with their 95 % intervals."""
    rows = [
        {"marks of": row.title}
        | {
            MEASURES[name]: f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
            for name, found in row.estimates.items()
        }
        for row in kept.found.rows
    ]
    return pd.DataFrame(rows)


def how_measured(kept) -> str:
    """What the figures of `over_all` are of."""
    return (
        f"{kept.inputs}, {kept.date}. People marked {percent(kept.found.share, 1)} of the words, and as many are "
        f"taken from each kind of marks; the network answered {percent(kept.found.accuracy)} of the reviews as people "
        "did. In brackets the bootstrap 95 % interval: how far the figure might move with other reviews. “Random "
        "scores” and “Every word alike” know nothing, so marks that are not above them say nothing; AUPRC flatters "
        "scores that tie."
    )


def figures(match, chance) -> pd.DataFrame:
    """ERASER's measures of this review, beside what random scores get, and what is needed to read them."""
    rows = (
        ("Precision", "precision", "of the network’s words, the share that people marked"),
        ("Recall", "recall", "of people’s words, the share that the network chose"),
        ("Token F1", "f1", "both in one: their harmonic mean"),
        ("Passages found", "passage_recall", "of people’s passages, the share met by a run of chosen words"),
        ("Average precision", "average_precision", "how high people’s words stand in the whole ranking"),
        ("AUPRC", "auprc", "the same as ERASER takes it, by trapezoids"),
    )
    rows = [(title, getattr(match, name), getattr(chance, name), says) for title, name, says in rows]
    return pd.DataFrame(rows, columns=["measure", "value", "at random", "what it says"])
