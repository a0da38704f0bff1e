"""Whole validation sets under test: the table of all checkpoints, what its columns mean, and CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from components.comparison_wording import signed
from components.trust_reading import BASELINES
from models.rationales import TITLES

if TYPE_CHECKING:
    from models.honesty import Evidence, Honesty, Mean, Shelved

_SEEN = {True: "yes", False: "no", None: "not known"}
_STEPS = {"speech": "moments", "text": "words"}
_INPUTS = {"speech": "clips", "text": "texts"}


def attention_table(rows: list[Shelved], baseline: str) -> pd.DataFrame:
    """One row a network, in the order given; what cannot be said of it is missing.

    Args:
        baseline: `"scattered"` or `"shifted"`, what attention is held against.
    """
    found = [row.honesty for row in rows]
    orders = [_attention(honesty, baseline) for honesty in found]
    columns = {
        "network": [row.entry.name for row in rows],
        "supported": _numbers(100 * _share(order, "supported") for order in orders),
        "partly": _numbers(100 * _share(order, "partly") for order in orders),
        "judged": pd.array([order.testable if order else None for order in orders], "Int64"),
        "taken": _values(order and order.taken for order in orders),
        "taken_interval": [_interval(order and order.taken) for order in orders],
        "kept": _values(order and order.kept for order in orders),
        "kept_interval": [_interval(order and order.kept) for order in orders],
        "shuffled": _values(h.shuffled for h in found),
        "uniform_keeps": _values((h.uniform_keeps for h in found), 100),
        "found": _values((h.found for h in found), 100),
    }
    for name in witnesses(rows):
        columns[f"agreement {name}"] = _values(
            h.evidence[name].agreement if name in h.evidence else None for h in found
        )
    columns |= {
        "entropy": _values((h.entropy for h in found), 100),
        "marks": _values(h.marks for h in found),
        "marks_by_chance": _values(h.marks_by_chance for h in found),
        "n": [h.n for h in found],
        "seen": [_SEEN[h.seen] for h in found],
        "inputs": [h.inputs for h in found],
        "title": [row.entry.title for row in rows],
    }
    table = pd.DataFrame(columns)
    return table.drop(columns=[name for name in ("marks", "marks_by_chance") if table[name].isna().all()])


def witnesses_table(rows: list[Shelved]) -> pd.DataFrame:
    """One row a network and witness, attention among them, all held against scattered steps."""
    pairs = [(row, name, order) for row in rows for name, order in row.honesty.evidence.items()]
    return pd.DataFrame(
        {
            "network": [row.entry.name for row, _, _ in pairs],
            "witness": [TITLES[name] for _, name, _ in pairs],
            "supported": _numbers(100 * _share(order, "supported") for *_, order in pairs),
            "partly": _numbers(100 * _share(order, "partly") for *_, order in pairs),
            "taken": _values(order.taken for *_, order in pairs),
            "taken_interval": [_interval(order.taken) for *_, order in pairs],
            "kept": _values(order.kept for *_, order in pairs),
            "kept_interval": [_interval(order.kept) for *_, order in pairs],
            "agreement": _values(order.agreement for *_, order in pairs),
        }
    )


def witnesses(rows: list[Shelved]) -> list[str]:
    """Names of the witnesses that any of the networks was asked by, attention left out."""
    return [name for name in TITLES if name != "attention" and any(name in row.honesty.evidence for row in rows)]


def baselines(rows: list[Shelved]) -> list[str]:
    """What attention can be held against; the one that every network was held against comes first."""
    return ["scattered", "shifted"] if any(row.honesty.elsewhere for row in rows) else ["scattered"]


def headlines(rows: list[Shelved], baseline: str, modality: str) -> list[str]:
    """For each set of inputs a sentence: whose attention the tests support most often; and who had learned from them.

    Networks that learned from the very inputs are not held against the others.
    """
    said = []
    for inputs in dict.fromkeys(row.honesty.inputs for row in rows):
        here = [row for row in rows if row.honesty.inputs == inputs and row.honesty.map]
        fair = [row for row in here if not row.honesty.seen]
        if fair:
            said.append(f"{inputs}: {_most_supported(fair, baseline, modality)}")
        learned = ", ".join(row.entry.name for row in here if row.honesty.seen)
        if learned:
            said.append(
                f"{inputs}: these very {_INPUTS[modality]} taught {learned}. What a network does on inputs it has "
                "learned from says little of others, so do not hold such a row against the rest."
            )
    return said


def _most_supported(rows, baseline, modality):
    judged = [(row, order) for row in rows if (order := _attention(row.honesty, baseline)) and order.testable]
    if not judged:
        return (
            f"no map could be judged {_AGAINST[baseline]}, as the inputs have too few steps or the weights are alike."
        )
    best, order = max(judged, key=lambda pair: (pair[1].share("supported"), pair[1].taken.value + pair[1].kept.value))
    if not order.judgements["supported"]:
        return f"no map is supported on any input {_AGAINST[baseline]}."
    most = "most often supported is the map of " if len(judged) > 1 else "supported is the map of "
    return (
        f"{most}{best.entry.name}, on {order.judgements['supported']:,} of {order.testable:,} "
        f"{_INPUTS[modality]}. Taking its top {_STEPS[modality]} away costs the answer {signed(order.taken.value)} "
        f"of probability more than chance does (95\N{NO-BREAK SPACE}% interval {_interval(order.taken)})."
    )


def reading(modality: str) -> str:
    """What each column says, as Markdown."""
    steps, inputs = _STEPS[modality], _INPUTS[modality]
    # As `python -m benchmarks.verdicts` counted them; see `models.trust.judge`.
    by_chance = (
        "fourteen where it is held against scattered moments, in eleven against its own pattern elsewhere"
        if modality == "speech"
        else "thirty"
    )
    lines = {
        "Supported, partly": f"the share of the judged {inputs} on which both tests, or one of them, beat chance "
        "clearly, as in the verdict next to a map. Of the rest nothing says that the answer rests on what the map "
        f"shows. A map that knows nothing passes one of the two on about one input in {by_chance}.",
        "Judged": f"how many {inputs} could be judged: with too few {steps}, or weights that are all alike, "
        "there is no telling from chance.",
        "Without its top": f"how much farther the probability falls when the {steps} attended to most are taken away "
        "than when as many chosen by chance are (comprehensiveness). Above 0 is good; the interval says how sure the "
        "mean is.",
        "With only its top": f"how much more of the probability is left when only these {steps} are kept than when "
        "chance’s are (sufficiency). Above 0 is good.",
        "Shuffling moves the answer": "how far the answer moves, 0 to 1, when the weights are dealt out at random: "
        "near 0, the network hardly needs its attention.",
        "Even weights keep it": f"the share of {inputs} whose answer stays the same, within 0.01, when all {steps} "
        "have the same weight.",
        "Other weights keep it": "the same for very different weights, if a short search finds some.",
        "Agrees with …": "the rank correlation of attention with another way to ask: 1 the same order, 0 no relation.",
        "Spread": f"100 % looks at all {steps} alike, 0 % at a single one (normalised entropy).",
        "People’s marks": "how well attention finds what people marked, 0 to 1 (AUPRC); beside it what random scores "
        "get.",
        "Learned from these": f"whether the network was trained on these very {inputs}. If so, new ones may differ.",
    }
    if modality == "speech":
        del lines["People’s marks"]
    return "\n".join(f"- **{name}:** {text}" for name, text in lines.items())


def left_out(rows: list[Shelved]) -> str:
    """A sentence on networks that are other ones now than those measured; empty if there is none."""
    names = ", ".join(row.entry.name for row in rows if row.stale)
    return f"Left out, as the network has changed since it was measured: {names}." if names else ""


def to_csv(rows: list[Shelved]) -> str:
    """One row a network, order and chance, every figure with its interval and sample size."""
    lines = []
    for row in rows:
        honesty = row.honesty
        orders = [(name, "scattered", order) for name, order in honesty.evidence.items()]
        if honesty.elsewhere is not None:
            orders.insert(1, ("attention", "shifted", honesty.elsewhere))
        for name, baseline, order in orders:
            line = {
                "checkpoint": row.entry.name,
                "title": row.entry.title,
                "inputs": honesty.inputs,
                "learned_from_them": _SEEN[honesty.seen],
                "n": honesty.n,
                "order": name,
                "against": baseline,
            }
            line |= {judgement.replace(" ", "_"): count for judgement, count in order.judgements.items()}
            figures = {"taken": order.taken, "kept": order.kept, "agreement_with_attention": order.agreement}
            if name == "attention":
                figures |= {key: getattr(honesty, key) for key in _ATTENTIONS_OWN}
            lines.append(line | {k: v for key, mean in figures.items() if mean for k, v in _spelled(key, mean).items()})
    return pd.DataFrame(lines).to_csv(index=False, lineterminator="\n")


_ATTENTIONS_OWN = ("shuffled", "uniform", "uniform_keeps", "found", "entropy", "marks", "marks_by_chance")
_AGAINST = {name: f"against “{title}”" for name, title in BASELINES.items()}


def _attention(honesty: Honesty, baseline: str) -> Evidence | None:
    return honesty.elsewhere if baseline == "shifted" else honesty.evidence.get("attention")


def _share(order, judgement):
    share = order.share(judgement) if order else None
    return float("nan") if share is None else share


def _interval(mean: Mean | None):
    return None if mean is None else f"{signed(mean.low)} to {signed(mean.high)}"


def _values(means, factor=1):
    return _numbers(float("nan") if mean is None else factor * mean.value for mean in means)


def _numbers(values):
    return pd.array([None if value != value else value for value in values], "Float64")


def _spelled(key, mean):
    return {key: mean.value, f"{key}_low": mean.low, f"{key}_high": mean.high, f"{key}_n": mean.n}
