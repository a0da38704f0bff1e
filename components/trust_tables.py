"""The numbers of the tests on one input, as tables: what the pictures draw, to be read and taken along."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd

from components.downloads import steps_table
from components.trust_figures import names
from models.explanation import Explanation

if TYPE_CHECKING:
    from models.trust import Trust

_SINGLE = ("aopc_comprehensiveness", "aopc_sufficiency", "deletion_area", "insertion_area")
_LINES = ("deletion", "insertion", "comprehensiveness", "sufficiency")


def scores_table(trust: Trust, explanation: Explanation) -> pd.DataFrame:
    """One row a step: where it is, as in `downloads.steps_table`, and one column for attention, each witness, and
    `most_different`, the most different weights found that keep the answer (each where it was tested)."""
    columns = {"attention": trust.attention.scores} if trust.attention else {}
    columns |= {witness.name.replace("-", "_"): witness.scores for witness in trust.witnesses}
    if trust.needed:
        columns["most_different"] = trust.needed.alternative
    return steps_table(dataclasses.replace(explanation, attention=())).assign(**columns)


def curves_table(trust: Trust) -> pd.DataFrame:
    """One row for each order and fraction: `order`, `fraction`, and the four curves as probabilities or falls of it.

    Of the random orders there are the rows `random: mean`, `random: low` and `random: high`, between the last
    two of which 95 % of such orders fall.
    """
    title = names(trust)
    parts = [
        pd.DataFrame({"order": title[c.name], "fraction": c.fractions} | {line: getattr(c, line) for line in _LINES})
        for c in trust.curves
    ]
    for what in ("mean", "low", "high"):
        band = {line: getattr(getattr(trust.random, line), what) for line in _LINES}
        parts.append(pd.DataFrame({"order": f"random: {what}", "fraction": trust.random.fractions} | band))
    return pd.concat(parts, ignore_index=True)


def orders_table(trust: Trust) -> pd.DataFrame:
    """One row an order, AOPC and areas as columns; of the random orders the rows are as in `curves_table`.

    Of thorough tests there are `ferret_comprehensiveness` and `ferret_sufficiency`, too (not of the random orders).
    """
    title = names(trust)
    rows = [{"order": title[c.name]} | {figure: getattr(c, figure) for figure in _SINGLE} for c in trust.curves]
    for what, name in (("mean", "random: mean"), ("low", "random: low"), ("high", "random: high")):
        rows.append({"order": name} | {figure: getattr(getattr(trust.random, figure), what) for figure in _SINGLE})
    for row, other in zip(rows, trust.ferret, strict=False):
        # Without a positive score ferret calls them 0 and 1; nothing was measured then.
        row["ferret_comprehensiveness"] = other.aopc_comprehensiveness if other.sets else None
        row["ferret_sufficiency"] = other.aopc_sufficiency if other.sets else None
    return pd.DataFrame(rows)


def agreement_table(trust: Trust) -> pd.DataFrame:
    """One row a witness: `witness`, `spearman` (missing where one side is constant), `overlap`, `what it does`."""
    told = {witness.name: witness for witness in trust.witnesses}
    return pd.DataFrame(
        {
            "witness": [told[a.witness].title for a in trust.agreement],
            "spearman": pd.array([a.spearman for a in trust.agreement], "Float64"),
            "overlap": [a.overlap for a in trust.agreement],
            "what it does": [told[a.witness].description for a in trust.agreement],
        }
    )


def needed_table(trust: Trust) -> pd.DataFrame:
    """What each replacement of the weights did: `weights`, `tried` (how many), `moved` (mean), `low` and `high`.

    For tests that have `needed`.
    """
    test = trust.needed
    return pd.DataFrame(
        [
            {"weights": "shuffled", "tried": test.shuffles, "moved": test.shuffled_mean,
             "low": test.shuffled_low, "high": test.shuffled_high},
            {"weights": "all steps alike", "tried": 1, "moved": test.uniform},
        ]
    )  # fmt: skip


def figures_table(trust: Trust) -> pd.DataFrame:
    """One row an attention map, then one each head of it: `map`, `steps`, `effective`, and for whole maps `entropy`,
    `unheard_mass` and `unheard_share`."""
    rows = []
    for f in trust.figures:
        whole = {"entropy": f.entropy, "unheard_mass": f.unheard_mass, "unheard_share": f.unheard_share}
        rows.append({"map": f.map, "steps": f.steps, "effective": f.effective} | whole)
        if len(f.heads) > 1:
            rows += [
                {"map": f"{f.map}, head {i}", "steps": f.steps, "effective": effective}
                for i, effective in enumerate(f.heads, start=1)
            ]
    return pd.DataFrame(rows, columns=["map", "steps", "effective", "entropy", "unheard_mass", "unheard_share"])


def labels_table(trust: Trust, explanation: Explanation) -> pd.DataFrame:
    """One row a label, most probable first: as how many steps its weights count. Empty where no map has labels."""
    found = next((f.labels for f in trust.figures if f.labels), ())
    order = explanation.ranking() if found else []
    return pd.DataFrame(
        {
            "label": [explanation.labels[i] for i in order],
            "probability": [float(explanation.probabilities[i]) for i in order],
            "effective": [found[i] for i in order],
        }
    )


def to_csv(trust: Trust, explanation: Explanation) -> str:
    """`scores_table` as CSV text (RFC 4180 quoting, a header, `\\n` line ends)."""
    return scores_table(trust, explanation).to_csv(index=False, lineterminator="\n")


def curves_csv(trust: Trust) -> str:
    """`curves_table` as CSV text."""
    return curves_table(trust).to_csv(index=False, lineterminator="\n")
