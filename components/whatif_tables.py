"""What-ifs as tables: every number of their pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from components.whatif_wording import context, variant_name

if TYPE_CHECKING:
    from models.explanation import Explanation
    from models.flips import Flips
    from models.sweeps import Sweep


def sweep_table(sweep: Sweep) -> pd.DataFrame:
    """One row a variant: `variant`, `value` (in the sweep's unit), `unit`, then a column of probabilities a label.

    For silenced clips `silenced` says what was muted, `START-END` in seconds, in place of value and unit.
    """
    columns = {"variant": [variant_name(sweep, i) for i in range(len(sweep.variants))]}
    if sweep.kind == "silence":
        columns["silenced"] = [" ".join(f"{a:.2f}-{b:.2f}" for a, b in v.spans) for v in sweep.variants]
    else:
        columns["value"] = [v.value for v in sweep.variants]
        columns["unit"] = sweep.unit
    rows = pd.DataFrame([v.probabilities for v in sweep.variants], columns=list(sweep.labels))
    return pd.concat([pd.DataFrame(columns), rows], axis=1)


def flips_table(flips: Flips, explanation: Explanation) -> pd.DataFrame:
    """One row for each masked word of each candidate, in order.

    Columns are `candidate`, `step`, `word` (its index), `token` (as typed), `context`, `probability` (of the label,
    after this and the words before it are masked) and `turned`: whether the whole candidate turns the answer.
    """
    rows = []
    for number, candidate in enumerate(flips.candidates, start=1):
        pairs = zip(candidate.words, candidate.probabilities[1:].tolist(), strict=True)
        for step, (word, p) in enumerate(pairs, start=1):
            before, token, behind = context(explanation, word)
            rows.append((number, step, word, token, f"{before} [{token}] {behind}".strip(), p, candidate.flipped))
    columns = ["candidate", "step", "word", "token", "context", "probability", "turned"]
    return pd.DataFrame(rows, columns=columns)


def to_csv(table: pd.DataFrame) -> str:
    """A table as CSV text (RFC 4180 quoting, a header, `\\n` line ends)."""
    return table.to_csv(index=False, lineterminator="\n")
