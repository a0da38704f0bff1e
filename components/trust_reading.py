"""How to read the panel of tests: every term in one sentence for whoever meets it first, every picture in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from components.trust_figures import MOST_BARS, names, thinning
from components.wording import probability

if TYPE_CHECKING:
    from models.explanation import Explanation
    from models.trust import Trust

_BRIEF_SECONDS, _BRIEF_TOKENS = 12, 600  # inputs up to here are tested within seconds
_TIMES = 60  # the tests of a long input take about as long as so many explanations (measured: 45 to 60)

_CHANCE = {"scattered": "random orders", "shifted": "the same pattern elsewhere"}
STEPS = {"speech": "moments", "text": "words"}
REMOVALS = {
    "mute": "Muting in the sound",
    "mean": "An average sound instead",
    "mask": "The unknown word instead",
    "delete": "Leaving words out",
}
REMOVAL_HELP = {
    "speech": (
        "How moments are taken away. Muting makes silence there, with short fades. The average sound is the mean "
        "spectrum of the training clips: it says nothing, but is no sudden silence, which a network may never have met."
    ),
    "text": (
        "How words are taken away. The unknown word is what the network sees for any word that it lacks: the text "
        "keeps its length. Leaving words out closes the gap: the text gets shorter."
    ),
}
BASELINES = {"shifted": "The same pattern elsewhere", "scattered": "Scattered moments"}
BASELINE_HELP = (
    "What attention's choice is held against. The same pattern elsewhere: the very stretches that attention chose, "
    "moved along the clip together. Scattered moments: as many, picked one by one. Scattered silences chop every "
    "syllable up, and scattered moments kept alone leave nothing whole: that is another kind of damage than whole "
    "stretches do, so the comparison says less about the place that attention chose. It comes first only where a clip "
    "has too few moments (30 or fewer) to move a pattern along."
)
NO_NEED = (
    "This network does not let its attention weights be replaced from outside, so whether it needs just these cannot "
    "be tested. The other tests do not depend on that."
)
QUICK = "These are the quick tests: few points on each curve, one witness. “Test more thoroughly” fills them in."
WITNESS = (
    "A witness is another way to ask the network which {steps} its answer rests on. Attention only says where the "
    "network looked; a witness measures or works out what each step did to the probability. None of them is the truth, "
    "but where they agree with attention, the map is more to be trusted."
)
AGREEMENT = (
    "Spearman's rank correlation says whether attention and the witness put the steps in the same order: 1 the same, "
    "0 unrelated, −1 reversed; the witness' scores count by size, for or against. Overlap: of the 20 % of steps that "
    "attention holds most important, the share that the witness holds so too; chance alone gives 20 %."
)
GAP = (
    "Integrated gradients can be checked: their sum must be the change of probability from a blank input. Here it "
    "misses that by {gap:.1f} % (completeness gap)."
)
DELETION = (
    "Deletion: the {steps} are taken away, the most important first. If the order is right, the probability falls "
    "early: the line runs below the grey band."
)
INSERTION = (
    "Insertion: only the most important {steps} are kept, more and more of them. If the order is right, few are "
    "enough: the line rises early, above the grey band."
)
_BAND = {
    "scattered": (
        "The grey band is chance: {orders} random orders were tried, and 95 % of such orders fall into it. An order "
        "inside the band is no better than picking {steps} blindly."
    ),
    "shifted": (
        "The grey band is chance: attention's own pattern was moved to {orders} random places of the clip, and 95 % of "
        "such places fall into it. Inside the band, the place that attention chose is no better than any other."
    ),
}
SCORES = (
    "Comprehensiveness is how far the probability falls without the most important steps (large is good), sufficiency "
    "how far with only these (small is good). AOPC is their mean over {fractions} of the steps; the area is that under "
    "a curve above. After DeYoung and others 2020 (ERASER) and Samek and others 2017."
)
FERRET = (
    "The columns “ferret” hold these two figures as the Python package ferret (version 0.4.2) defines them, to be set "
    "beside figures from there: means over 10, 20 … 100 % of the steps, and of these only the ones with a score above "
    "zero are taken or kept."
)
NEEDED = (
    "Is it these weights that make the answer? Here the network keeps everything it heard or read, and only its "
    "attention weights are replaced. If the answer stays, the map on top could as well have looked different."
)
SHUFFLED = (
    "Shuffled: the same weights, dealt out to the steps at random. All steps alike: attention switched off, in effect. "
    "How far the answer moves is the total variation, half the sum of all changes of probability: 0 not at all, 1 "
    "to certainty of something else. After Jain and Wallace 2019, Wiegreffe and Pinter 2019."
)
SHUFFLED_ONE = (
    "Shuffled: the same weights, dealt out to the steps at random. All steps alike: attention switched off, in effect. "
    "How far the answer moves is the change of this label's probability. After Jain and Wallace 2019, Wiegreffe and "
    "Pinter 2019."
)
ALTERNATIVE = (
    "Below, under the attention weights, the most different weights that were found to keep the answer (to within "
    "{tolerance:.2f}). The search is short: shuffles, the weights in reverse, single {steps}, mixtures of these. If it "
    "finds none that are very different, that is no proof that there are none."
)
PLAIN = (
    "Entropy says how evenly the weights are spread, as a share of the most there can be: 0 % all on one step, 100 % "
    "all alike. Effective steps says the same as a number: as if the network had looked evenly at so many."
)
UNHEARD = {
    "speech": (
        "Weight on silence: how much of the weight lies on nearly silent moments, which can hardly tell anything; "
        "beside it the share of the moments that are silent."
    ),
    "text": (
        "Weight on unknown words: how much of the weight lies on words that the network cannot tell apart, as its "
        "vocabulary lacks them or they are masked; beside it the share of the words that are such."
    ),
}


def band(trust: Trust) -> str:
    """What the grey band behind the curves is."""
    return _BAND[trust.random.baseline].format(orders=trust.random.orders, steps=STEPS[trust.modality])


def curves(trust: Trust, kind: str) -> str:
    """What `trust_figures.curves` shows, in one sentence with its figures."""
    at = trust.verdict.fraction
    band = getattr(trust.random, kind)
    title = names(trust)
    ends = ", ".join(f"{title[c.name]} {probability(_at(c.fractions, getattr(c, kind), at))}" for c in trust.curves)
    low, high = (min(max(_at(trust.random.fractions, side, at), 0), 1) for side in (band.low, band.high))
    what = "taken away" if kind == "deletion" else "kept"
    return (
        f"Curves of the probability of {trust.label_name} with more and more steps {what}. "
        f"At {100 * at:.0f} %: {ends}; {_CHANCE[trust.random.baseline]} {probability(low)} to {probability(high)}. "
        f"Whole input: {probability(trust.probability)}."
    )


def scores(trust: Trust) -> str:
    """What the single figures of each order mean, with the shares of the steps they come from."""
    shares = [f"{100 * f:.0f}" for f in trust.random.fractions if 0 < f < 1]
    said = SCORES.format(fractions=" and ".join([", ".join(shares[:-1]), shares[-1]][len(shares) == 1 :]) + " %")
    return f"{said} {FERRET}" if trust.ferret else said


def witnesses(trust: Trust) -> str:
    """What `trust_figures.witnesses` shows, in words."""
    title = names(trust)
    found = [
        f"{title[a.witness]}: "
        + ("rank correlation cannot be had" if a.spearman is None else f"rank correlation {a.spearman:.2f}")
        + f", overlap {100 * a.overlap:.0f} %"
        for a in trust.agreement
    ]
    if trust.attention is None:
        return f"{len(trust.witnesses)} witnesses over the same steps: {', '.join(w.title for w in trust.witnesses)}."
    return f"Attention and {len(found)} witnesses over the same steps. {'; '.join(found)}."


def rows(trust: Trust) -> str:
    """How to read the rows of `trust_figures.witnesses`, which looks different for a long input."""
    steps = len(trust.witnesses[0].scores)
    said = "Above zero, a step speaks for the label, below it against. Each row has its own scale."
    if steps <= MOST_BARS:
        return f"{said} Full colour marks the 20 % that a row holds most important."
    group = thinning(steps)
    return said if group == 1 else f"{said} Drawn is the strongest of every {group} steps; the table has them all."


def needed(trust: Trust) -> str:
    """What `trust_figures.needed` shows, in words."""
    test = trust.needed
    return (
        f"With shuffled weights the answer moves by {test.shuffled_mean:.3f} on average ({test.shuffles} shuffles, "
        f"95 % of them between {test.shuffled_low:.3f} and {test.shuffled_high:.3f}); with all steps alike by "
        f"{test.uniform:.3f}."
    )


def alternative(trust: Trust) -> str:
    """What the search for other weights found, in words."""
    test = trust.needed
    kept = f"keep the answer (to within {test.tolerance:.2f})"
    if test.found:
        return (
            f"Of {test.tried} weightings tried, some very different ones {kept}: the most different moves "
            f"{100 * test.difference:.0f} % of the weight to other steps. So this map is not the only one that would "
            "give this answer."
        )
    return (
        f"Of {test.tried} weightings tried, none was found that moves half of the weight or more to other steps and "
        f"would {kept}; the most different one that does moves {100 * test.difference:.0f} %. That is no proof that "
        "there is none."
    )


def plain_figures(trust: Trust) -> str:
    """The plain figures of the map under test, in one sentence."""
    found = next(f for f in trust.figures if f.map == trust.map)
    share = f"{100 * found.entropy:.0f} %"
    where = {"speech": "on nearly silent moments", "text": "on unknown or masked words"}[trust.modality]
    return (
        f"The attention under test spreads over {found.steps:,} steps as if evenly over {found.effective:.1f} of them "
        f"(entropy {share} of the most there can be). {100 * found.unheard_mass:.0f} % of its weight lies {where}, "
        f"which are {100 * found.unheard_share:.0f} % of the steps."
    )


def completeness(trust: Trust) -> str:
    """The completeness gap of integrated gradients, where they were asked; else nothing."""
    gaps = [w.completeness_gap for w in trust.witnesses if w.completeness_gap is not None]
    return GAP.format(gap=100 * gaps[0]) if gaps else ""


def _at(fractions, values, fraction):
    return float(np.interp(fraction, fractions, values))


def brief(explanation: Explanation) -> bool:
    """Whether the tests take seconds only and start by themselves; otherwise a button says how long they may take."""
    if explanation.modality == "speech":
        start, end = explanation.audio.used
        return end - start <= _BRIEF_SECONDS
    return len(explanation.units) <= _BRIEF_TOKENS


def duration(explanation: Explanation) -> str:
    """How long the tests of a long input may take, in words: a guess from how long the explanation itself took."""
    stages = explanation.provenance.milliseconds
    seconds = _TIMES * (stages.get("features", 0) + stages.get("forward", 0)) / 1000
    return f"about {max(round(seconds, -1), 10):.0f} seconds" if seconds < 90 else f"about {seconds / 60:.0f} minutes"
