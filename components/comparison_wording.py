"""What a comparison says, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.wording import percent, top_steps

if TYPE_CHECKING:
    from models.comparison import Agreement, Comparison
    from models.comparison_results import Difference, Summary

MEASURES = (
    (
        "Rank correlation",
        "puts the {steps} of each map in order of weight and compares the two orders: 1 is the same order, 0 no "
        "relation, −1 the reverse (Spearman).",
    ),
    (
        "Top 20 % shared",
        "takes the fifth of the {steps} that each map weights most: how many of the one's are also the other's? Two "
        "maps that have nothing to do with each other share 20 % of them.",
    ),
    (
        "Divergence",
        "says how differently the weight is spread, in bits: 0 is the same map, 1 means that no {step} has weight in "
        "both (Jensen-Shannon).",
    ),
)
EVEN = "Such a map has no order to compare and no top 20 %; only the divergence can be worked out."
# From this share of the steps on, weights differ by no more than chance would have it; as in `models.alarms`.
NEARLY = 0.95
SCALES = {
    "absolute": "Absolute: full colour is 5 times the even share or more, in every row; the heights are on one scale.",
    "relative": "Relative: each row is stretched to its own maximum (at least twice the even share), so heights and "
    "colours of two rows cannot be compared.",
}
SPREAD = (
    "Trained again from another random start (the seed), the same network scores a little differently. The spread is "
    "the standard deviation over these runs. **A difference smaller than the spreads of both networks together counts "
    "as none:** another seed could turn it round."
)
# What each figure of the results is, by its name in `models.comparison_results.METRICS`.
METRICS = {
    "uar": "Unweighted average recall: of each label the share of its clips that were recognised, averaged over the "
    "labels. Guessing gets 1 divided by the number of labels.",
    "micro_f1": "Of all labels given and all that were right to give, taken together: the harmonic mean of the share "
    "of the given ones that were right, and of the right ones that were given. Frequent labels count most.",
    "macro_f1": "The same worked out for each label alone, then averaged: rare labels count as much as frequent ones.",
    "accuracy": "The share of the inputs that were answered rightly.",
}
_STEP = {"speech": ("moment", "moments"), "text": ("word", "words")}
# Words for a rank correlation and the least it takes; thresholds as they are usually read.
_STRENGTHS = ((0.7, "largely agree"), (0.4, "agree in part"), (0.1, "hardly agree"), (-0.1, "have nothing in common"))


def about_map(comparison: Comparison, i: int) -> str:
    """What to know of a row, to stand under the network's name: whose label it is, and whether it is even."""
    row = comparison.rows[i]
    if row.weights is None:
        return ""
    parts = []
    if row.label:
        parts.append(f"for {row.label}" + ("" if row.asked else f" (it does not know {comparison.label})"))
    if row.even:
        parts.append("every step alike")
    return ", ".join(parts)


def remarks(comparison: Comparison, titles) -> list[str]:
    """Sentences on what is special about some of the maps; none where nothing is."""
    said = []
    step, steps = _STEP[comparison.explanations[0].modality]
    for row, title, explanation in zip(comparison.rows, titles, comparison.explanations, strict=True):
        if row.weights is None:
            said.append(f"“{title}” has no attention: nothing to draw, and nothing for the others to agree with.")
            continue
        if not row.asked:
            said.append(
                f"“{title}” has no label {comparison.label}; shown is its own most probable one, {row.label} "
                f"({explanation.probabilities.max():.2f})."
            )
        count = len(row.own)
        if count == 1:
            said.append(f"The input is a single {step} to “{title}”, so its weight is 1 whatever it is.")
        elif row.even:
            said.append(f"“{title}” gives every {step} the same weight. {row.description} {EVEN}")
        elif row.effective >= NEARLY * count:
            said.append(
                f"“{title}” looks nearly evenly at everything: at {row.effective:.0f} of {count} {steps}’ worth. Which "
                "of them gets a little more may be noise, so read its order with care."
            )
    return said


def read_out(comparison: Comparison, titles) -> list[str]:
    """One sentence a network: the steps with the most weight."""
    said = []
    for explanation, title in zip(comparison.explanations, titles, strict=True):
        known = comparison.label in explanation.labels
        said.append(f"{title}: {top_steps(explanation, explanation.labels.index(comparison.label) if known else None)}")
    return said


def measures(modality: str) -> str:
    """The measures of agreement explained, as Markdown."""
    step, steps = _STEP[modality]
    return "\n".join(f"- **{name}** " + text.format(step=step, steps=steps) for name, text in MEASURES)


def agreement(found: Agreement, titles, modality: str) -> str:
    """One sentence on one pair of maps."""
    step, steps = _STEP[modality]
    pair = f"“{titles[found.first]}” and “{titles[found.second]}”"
    if found.spearman is None or found.overlap is None:
        return (
            f"{pair} cannot be ranked against each other, as one of the maps gives every {step} the same weight; their "
            f"divergence is {found.divergence:.2f} bits."
        )
    words = next((words for least, words in _STRENGTHS if found.spearman >= least), "disagree")
    return (
        f"{pair} {words} on where to look: rank correlation {signed(found.spearman)}, and "
        f"{percent(found.overlap)} of their top {steps} are the same (20 % would be chance)."
    )


def signed(value: float) -> str:
    """`0.62`, `−0.31` with a true minus, and `0.00` without a sign."""
    return "0.00" if abs(value) < 0.005 else f"{value:.2f}".replace("-", "−")


def _by_fold(difference):
    apart = f"on the same folds of speakers they lie {abs(difference.means):.3f} apart on average"
    if difference.verdict == "none":
        return f"no difference; {apart}, and from fold to fold that varies by {difference.spread:.3f}."
    more = f"more than that varies from fold to fold ({difference.spread:.3f})"
    return f"the first is {difference.verdict}; {apart}, {more}."


def standing(best: str, difference: Difference | None, alone: bool) -> str:
    """How a recipe stands against the best of its table, in a few words.

    Args:
        best: title of that best one.
    """
    if alone:
        return "nothing to compare with"
    if difference is None:
        return "highest mean"
    if difference.verdict == "unknown":
        return f"unknown: a single run (“{best}”)"
    if difference.verdict == "none":
        return f"no difference from “{best}”"
    return f"lower than “{best}”"


def between(first: Summary, second: Summary, difference: Difference, metric: str) -> str:
    """One sentence on two recipes' figures."""
    name = first.main
    pair = f"“{first.title}” {first.mean(name):.3f}, “{second.title}” {second.mean(name):.3f} {metric}"
    if difference.verdict == "unknown":
        return f"{pair}: one of them was trained once only, so nobody knows whether another seed would turn it round."
    if difference.paired:
        return f"{pair}: {_by_fold(difference)}"
    if difference.verdict == "none":
        apart, both = abs(difference.means), difference.spread
        return f"{pair}: no difference; they lie {apart:.3f} apart, and the spreads add up to {both:.3f}."
    return f"{pair}: the first is {difference.verdict}, by more than both spreads together."
