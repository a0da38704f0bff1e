"""Plausibility: are a network's important words those that people marked? ERASER's measures (DeYoung et al. 2020).

The definitions are those of the benchmark's own `rationale_benchmark/metrics.py`
(github.com/jayded/eraserbenchmark, commit 3ae7641), each named where it is used. Plausible is not faithful:
a map may please people and say nothing about the network, and the reverse.
"""

from __future__ import annotations

import functools
import math
import warnings
from dataclasses import dataclass

import numpy as np

from models.attribution import gradient_input, has_gradients, integrated_gradients, occlusion, smoothgrad
from models.datasets import MarkedItem
from models.errors import InputError
from models.explain import explain_text
from models.explanation import Explanation
from models.regroup import regroup
from models.subjects import subject

# A passage counts as found if a run of chosen tokens shares so much of it: intersection over union.
MATCH = 0.5
MEASURES = ("token_f1", "iou_f1", "auprc", "average_precision")
# What issue 4 quotes from the paper. Of another network (BERT), the test split and its fuller marks. The
# paper's table could not be opened where this was written.
PUBLISHED = {
    "system": "BERT-LSTM + attention (DeYoung et al. 2020)",
    "auprc": 0.417,
    "verified": False,
    "note": "as quoted in our issue, not checked against the paper; another network, the test split",
}
TITLES = {
    "attention": "Attention",
    "gradient-input": "Gradient × input",
    "integrated-gradients": "Integrated gradients",
    "occlusion": "Occlusion",
    "smoothgrad": "SmoothGrad",
    "random": "Random scores",
    "uniform": "Every word alike",
}
_MOST_POINTS = 128  # of integrated gradients: a long review would take a minute at more
_ASKED = {
    "gradient-input": gradient_input,
    "integrated-gradients": functools.partial(integrated_gradients, most_points=_MOST_POINTS),
    "occlusion": occlusion,
    "smoothgrad": smoothgrad,
}
_RANDOM_DRAWS = 20  # score vectors a review
_RESAMPLES = 1000


@dataclass(frozen=True)
class Match:
    """How well scores and chosen tokens of one review agree with people's marks; each 0 to 1.

    Args:
        precision, recall, f1: over tokens.
        passage_precision, passage_recall: over runs of chosen tokens and marked passages.
        auprc: area under the precision-recall curve of the scores by trapezoids, as ERASER takes it.
            Where scores tie it flatters: scores all alike get (1 + share of marked tokens) / 2.
        average_precision: the same area by steps; scores all alike get the share of marked tokens.

    The last two are NaN where people marked nothing.
    """

    precision: float
    recall: float
    f1: float
    passage_precision: float
    passage_recall: float
    auprc: float
    average_precision: float


@dataclass(frozen=True)
class Comparison:
    """One review, one witness: `scores` `(tokens,)` on the corpus' tokens, those `chosen` (bool), and the `match`."""

    scores: np.ndarray
    chosen: np.ndarray
    match: Match


@dataclass(frozen=True)
class Estimate:
    """A figure over reviews and its bootstrap 95 % interval (reviews drawn with replacement)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """One witness: `name` and `title` as in `models.attribution`, and an `Estimate` for each of `MEASURES`."""

    name: str
    title: str
    estimates: dict[str, Estimate]


@dataclass(frozen=True)
class Plausibility:
    """The witnesses against people, over a set of reviews.

    Args:
        n: reviews; for the areas only those in which people marked something.
        share: tokens chosen in each review, as a share.
        accuracy: share of the reviews whose most probable label is the people's.
    """

    n: int
    share: float
    accuracy: float
    rows: tuple[Row, ...]


def marked_share(items: list[MarkedItem]) -> float:
    """Mean over reviews of the share of tokens that people marked: ERASER's k for a data set."""
    return float(np.mean([item.marked.mean() for item in items]))


def top(scores, share: float) -> np.ndarray:
    """Bool `(tokens,)`: the ⌈share · tokens⌉ tokens with the highest scores; ties go to the earlier one.

    Rounded up as in ERASER's baselines (`regenerate_tokens` of Eraser-Benchmark-Baseline-Models).
    """
    count = math.ceil(share * len(scores))
    chosen = np.zeros(len(scores), bool)
    chosen[np.argsort(-np.asarray(scores, np.float64), kind="stable")[:count]] = True
    return chosen


def runs(chosen) -> list[tuple[int, int]]:
    """The stretches of neighbouring chosen tokens as `(first, last + 1)`."""
    edges = np.diff(np.concatenate([[0], np.asarray(chosen, np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def token_scores(item: MarkedItem, explanation: Explanation, scores) -> np.ndarray:
    """Scores of our tokens `(steps,)` on the corpus' tokens: each gets the sum of its parts."""
    units = explanation.units
    return regroup(scores, units.starts, units.ends, item.starts, item.ends)


def compare(item: MarkedItem, explanation: Explanation, scores, share: float) -> Comparison:
    """Hold a witness' scores of our tokens `(steps,)` against people's marks; `share` of the tokens are chosen."""
    scores = token_scores(item, explanation, scores)
    chosen = top(scores, share)
    return Comparison(scores, chosen, match(item, scores, chosen))


def match(item: MarkedItem, scores, chosen) -> Match:
    """Compare with people's marks.

    Args:
        scores: float `(tokens,)` over the corpus' tokens; for the areas.
        chosen: bool `(tokens,)`; for the rest.
    """
    both = float((item.marked & chosen).sum())
    precision, recall = both / max(chosen.sum(), 1), both / max(item.marked.sum(), 1)
    # partial_match_score: a run is right if its best passage overlaps enough; right runs over runs, and over passages.
    passages, found = set(item.passages), runs(chosen)
    right = sum(max((_iou(run, passage) for passage in passages), default=0) >= MATCH for run in found)
    areas = _areas(item.marked, scores) if item.marked.any() else (math.nan, math.nan)
    return Match(
        precision,
        recall,
        _f1(precision, recall),
        right / max(len(found), 1),
        right / max(len(passages), 1),
        *areas,
    )


def combine(matches: list[Match], seed: int = 0) -> dict[str, Estimate]:
    """The `MEASURES` over reviews, with intervals.

    Token F1 is the mean of the reviews' F1 (`instance_macro`), IOU F1 the F1 of mean precision and mean
    recall (`partial_match_score`, macro), the areas are means over the reviews that have marks.
    """
    table = np.array(
        [
            (m.f1, m.passage_precision, m.passage_recall, m.auprc, m.average_precision)
            for m in matches
        ]
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(table), size=(_RESAMPLES, len(table)))
    whole, resampled = _figures(table[None])[0], _figures(table[draws])
    low, high = np.nanpercentile(resampled, [2.5, 97.5], axis=0)
    return {name: Estimate(*map(float, values)) for name, *values in zip(MEASURES, whole, low, high, strict=True)}


def witnesses(checkpoint, explanation, only=None, progress=None) -> dict[str, np.ndarray]:
    """Scores of our tokens `(steps,)` for the most probable label, by the witnesses' names.

    A score speaks for the label where it is positive: of signed witnesses the sign is kept.

    Args:
        only: names to ask; `None` asks all that the network can answer.
        progress: called as `progress(done, total)` in parts of the work; may raise.
    """
    label = int(explanation.ranking()[0])
    asked = subject(checkpoint, explanation)
    found = {}
    for name in answerable(checkpoint, explanation):
        if only is not None and name not in only:
            continue
        if name == "attention":
            found[name] = explanation.attention[0].select(label=label)
        else:
            found[name] = _ASKED[name](asked, label, progress=progress).scores
    return found


def answerable(checkpoint, explanation) -> tuple[str, ...]:
    """Names of the witnesses that this network can be asked by, attention first."""
    attention = ("attention",) if explanation.attention else ()
    gradients = has_gradients(checkpoint.model)
    return attention + tuple(name for name in _ASKED if gradients or name == "occlusion")


def plausibility(checkpoint, items: list[MarkedItem], only=None, seed: int = 0, progress=None) -> Plausibility:
    """Hold attention and every other witness against people's marks.

    Of each review the network's most probable label is asked about, right or wrong, as ERASER does.

    Args:
        items: reviews; as many tokens are chosen in each as people marked on average over all of them.
        only: names of the witnesses to ask; `None` asks all that the network can answer.
        seed: of the random scores and the bootstrap.
        progress: called as `progress(done, total)` after every review; may raise.

    Raises:
        InputError: there is nothing to compare.
    """
    share = marked_share(items) if items else 0.0
    if not share:
        raise InputError("People marked nothing in these reviews, so there is nothing to compare with.")
    rng = np.random.default_rng(seed)
    matches, right = {}, 0
    for done, item in enumerate(items, start=1):
        explanation = explain_text(checkpoint, item.text, name=item.name)
        right += explanation.ranking()[0] in item.labels
        for name, scores in witnesses(checkpoint, explanation, only).items():
            matches.setdefault(name, []).append(compare(item, explanation, scores, share).match)
        for name, found in _baselines(item, share, rng).items():
            matches.setdefault(name, []).append(found)
        if progress is not None:
            progress(done, len(items))
    rows = tuple(Row(name, TITLES[name], combine(matches[name], seed)) for name in TITLES if name in matches)
    return Plausibility(len(items), share, right / len(items), rows)


def by_chance(item: MarkedItem, share: float, rng=None) -> Match:
    """What random scores get on a review, on average over draws of `rng`, or of seed 0."""
    rng = np.random.default_rng(0) if rng is None else rng
    drawn = rng.random((_RANDOM_DRAWS, len(item.marked)))
    found = [match(item, scores, top(scores, share)) for scores in drawn]
    return Match(*np.mean([list(vars(one).values()) for one in found], axis=0).tolist())


def evenly(items: list, limit: int | None) -> list:
    """At most `limit` of the items, spread evenly over them, as corpora are sorted by label."""
    if limit is None or limit >= len(items):
        return items
    return [items[i] for i in np.linspace(0, len(items) - 1, limit).round().astype(int)]


def _baselines(item, share, rng):
    """What scores without any knowledge get: random ones (mean over draws), and all words alike and chosen."""
    alike = np.zeros(len(item.marked))
    return {"random": by_chance(item, share, rng), "uniform": match(item, alike, np.ones(len(alike), bool))}


def _areas(marked, scores):
    # score_soft_tokens: `auprc` and `average_precision`.
    # Here, as it takes seconds to load: the pages read titles from this module.
    from sklearn.metrics import auc, average_precision_score, precision_recall_curve

    precision, recall, _ = precision_recall_curve(marked, scores)
    return float(auc(recall, precision)), float(average_precision_score(marked, scores))


def _iou(a, b):
    common = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return common / (a[1] - a[0] + b[1] - b[0] - common)


def _f1(precision, recall):
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0


def _figures(tables):
    """`(sets, reviews, 5)` as in `combine` to `(sets, 4)` in the order of `MEASURES`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a resample without a single marked review: NaN
        f1, precision, recall, area, steps = np.nanmean(tables, axis=1).T
    both = precision + recall
    iou = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
    return np.stack([f1, iou, area, steps], axis=1)
