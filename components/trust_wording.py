"""The verdict on a map in plain words. The rule behind the words is `models.trust.judge`, and only there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.wording import percent, probability

if TYPE_CHECKING:
    from models.trust import Trust

# For each judgement: the word on the page, its Material icon, its Streamlit colour.
LOOKS = {
    "supported": ("Supported by the tests", ":material/check_circle:", "green"),
    "partly": ("Partly supported", ":material/contrast:", "orange"),
    "not supported": ("Not supported", ":material/cancel:", "red"),
    "untestable": ("Cannot be tested", ":material/help:", "gray"),
}
_TAKING = {
    "mute": ("Muting", "muting"),
    "mean": ("Filling in an average sound for", "filling in"),
    "mask": ("Masking", "masking"),
    "delete": ("Leaving out", "leaving out"),
}


def verdict(trust: Trust) -> str:
    """What the tests found, with figures and sample sizes, and what it means for the map; one to three sentences."""
    steps, whole = {"speech": ("moments", "clip"), "text": ("words", "text")}[trust.modality]
    if trust.verdict.reason == "no-attention":
        return (
            f"This network has no attention to test. What follows asks in other ways which {steps} its answer rests on."
        )
    if trust.verdict.reason == "short" and trust.random.baseline == "shifted":
        return (
            "This clip is too short to tell attention's choice from the same pattern elsewhere: there are too few "
            "other places for it. Use a longer clip, or compare with scattered moments."
        )
    if trust.verdict.reason == "short":
        return (
            f"There are too few {steps} to tell attention's choice from chance. Use a longer {whole} to test the map."
        )
    if trust.verdict.reason == "improbable":
        return (
            f"The network gives {trust.label_name} only {probability(trust.probability)}, so taking {steps} away can "
            "hardly lower it. Choose a label with a higher probability to test its map."
        )
    return f"{taken(trust)} {kept(trust)} {_MEANING[trust.verdict.judgement]}"


def taken(trust: Trust) -> str:
    """One sentence: what happens without the most attended steps, against random ones."""
    v = trust.verdict
    first, again = _TAKING[trust.removal]
    other = f"a random {percent(v.fraction)}"
    if trust.random.baseline == "shifted":
        other = "the same pattern moved to random places"
    return (
        f"{first} the {percent(v.fraction)} it attends to most changes the probability of {trust.label_name} by "
        f"{_signed(-v.taken)}; {again} {other} changes it by {_signed(-v.taken_mean)} ± "
        f"{v.taken_deviation:.2f} (n = {v.orders})."
    )


def kept(trust: Trust) -> str:
    """One sentence: what is left with only the most attended steps, against random ones."""
    v = trust.verdict
    other = "the pattern elsewhere" if trust.random.baseline == "shifted" else f"a random {percent(v.fraction)}"
    return (
        f"With only that {percent(v.fraction)} kept, the probability is {probability(trust.probability - v.kept)}; "
        f"with {other}, {trust.probability - v.kept_mean:.2f} ± {v.kept_deviation:.2f} (with everything, "
        f"{probability(trust.probability)})."
    )


def needed(trust: Trust) -> str:
    """One sentence: whether these very weights are needed for the answer."""
    need = trust.needed
    if need is None:
        return (
            "Whether these very weights are needed was not tested, as this network does not let its weights be "
            "replaced."
        )
    moved = (
        f"Shuffling the weights moves the answer by {need.shuffled_mean:.2f} on average "
        f"(total variation, n = {need.shuffles}), equal weights by {need.uniform:.2f}"
    )
    if need.found:
        return (
            f"{moved}; weights that differ from these by {percent(need.difference)} give the same answer, so this map "
            "is not the only one that would."
        )
    return f"{moved}; no very different weights with the same answer were found in {need.tried} tries."


_MEANING = {
    "supported": "Taking and keeping both beat chance clearly, so here the map tells something about the answer.",
    "partly": "Only one of taking and keeping beats chance clearly, so read the map with care.",
    "not supported": "Neither beats chance clearly, so nothing here says that the answer rests on what the map shows.",
}


def _signed(value):
    """`+0.08`, `−0.61` (a true minus), and `0.00` without a sign."""
    return "0.00" if abs(value) < 0.005 else f"{value:+.2f}".replace("-", "−")
