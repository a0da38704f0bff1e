"""Explanations as tables: one row a step, every map a column or more."""

from __future__ import annotations

import dataclasses
import itertools
import re

import pandas as pd

from components.wording import masked_tokens
from models.explanation import Explanation


def steps_table(explanation: Explanation) -> pd.DataFrame:
    """One row a step.

    Columns are `step`; for speech `start_s`, `end_s` (seconds of the original clip); for text
    `start`, `end` (character offsets), `token` (as typed) and `known`; then `changed` (was the
    step muted or masked) and one column a map, `MAP`, or `MAP[LABEL]`, `MAP[head 1]` and so on
    where the map has these axes; before those of the heads (or layers) their average, which the
    pictures show first. A query axis is averaged: a row is one attended step. A per-step task adds
    `p(LABEL)`, each step's own probabilities. Of two columns with one name, the second is called `NAME (2)`.
    """
    units = explanation.units
    columns = {"step": range(len(units))}
    if explanation.modality == "speech":
        columns |= {"start_s": units.starts, "end_s": units.ends}
        columns["changed"] = [
            any(start < b and a < end for a, b in explanation.changed)
            for start, end in zip(units.starts.tolist(), units.ends.tolist(), strict=True)
        ]
    else:
        text = explanation.text or ""
        columns |= {"start": units.starts, "end": units.ends}
        columns["token"] = [text[a:b] for a, b in zip(units.starts.tolist(), units.ends.tolist(), strict=True)]
        if units.known is not None:
            columns["known"] = units.known
        masked = set(masked_tokens(explanation))
        columns["changed"] = [i in masked for i in range(len(units))]
    for map_ in explanation.attention:
        axes = [axis for axis in map_.axes[:-1] if axis != "query"]
        sizes = [map_.weights.shape[map_.axes.index(axis)] for axis in axes]
        choices = [[*([] if axis == "label" else [None]), *range(size)] for axis, size in zip(axes, sizes, strict=True)]
        for index in itertools.product(*choices):
            chosen = {axis: i for axis, i in zip(axes, index, strict=True) if i is not None}
            parts = [explanation.labels[i] if axis == "label" else f"{axis} {i + 1}" for axis, i in chosen.items()]
            name = f"{map_.name}[{', '.join(parts)}]" if parts else map_.name
            columns[_unused(name, columns)] = map_.select(**chosen)
    if explanation.track is not None:
        for i, label in enumerate(explanation.labels):
            columns[_unused(f"p({label})", columns)] = explanation.track[:, i]
    return pd.DataFrame(columns)


def _unused(name, taken):
    numbered = (f"{name} ({count})" for count in itertools.count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def weights_table(explanation: Explanation, label: int) -> pd.DataFrame:
    """`steps_table` for one label: a single column `weight` of the first map instead of a column a label."""
    bare = steps_table(dataclasses.replace(explanation, attention=()))
    return bare.assign(weight=explanation.attention[0].select(label=label)) if explanation.attention else bare


def probabilities_table(explanation: Explanation) -> pd.DataFrame:
    """One row a label, most probable first: `label`, `probability`, `threshold` (multi-label only), `predicted`."""
    order = explanation.ranking()
    columns = {"label": [explanation.labels[i] for i in order], "probability": explanation.probabilities[order]}
    if explanation.thresholds is not None:
        columns["threshold"] = explanation.thresholds[order]
    columns["predicted"] = explanation.predicted()[order]
    return pd.DataFrame(columns)


def syllables_table(shares) -> pd.DataFrame:
    """One row a syllable of `models.syllables.shares`, with times in seconds."""
    return pd.DataFrame(
        {
            "syllable": [row.syllable.label for row in shares],
            "start (s)": [row.syllable.start for row in shares],
            "end (s)": [row.syllable.end for row in shares],
            "share of attention": [row.share for row in shares],
            "times uniform": [row.times_uniform for row in shares],
        }
    )


def to_csv(explanation: Explanation) -> str:
    """`steps_table` as CSV text (RFC 4180 quoting, a header, `\\n` line ends)."""
    return steps_table(explanation).to_csv(index=False, lineterminator="\n")


def file_name(explanation: Explanation, suffix: str) -> str:
    """A safe name for a download: `NAME-CHECKPOINT.SUFFIX`, letters, digits, `-` and `_` only."""
    parts = (stem(explanation), explanation.provenance.checkpoint, "changed" if explanation.changed else "")
    return "-".join(safe_name(part) for part in parts if part) + "." + suffix


def stem(explanation: Explanation) -> str:
    """The input's name without its suffix, as a visitor may have given it; the modality where it has none."""
    return re.sub(r"\.\w{1,5}$", "", explanation.provenance.input_name) or explanation.modality


def safe_name(part: str) -> str:
    """At most 60 characters of it for a file's name: all but letters, digits, `-` and `_` become `_`."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in part)[:60]
