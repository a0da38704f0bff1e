"""The numbers of a comparison as tables, CSV and JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from components.comparison_wording import standing
from components.downloads import safe_name, stem
from models.explanation import Explanation

if TYPE_CHECKING:
    from models.comparison import Comparison
    from models.comparison_results import Summary

FORMAT = "earmark-comparison"
FORMAT_VERSION = 1


def agreement_table(comparison: Comparison, titles) -> pd.DataFrame:
    """One row a pair: `first`, `second`, `spearman`, `overlap` (both missing where a map is even), `divergence`."""
    return pd.DataFrame(
        {
            "first": [titles[a.first] for a in comparison.agreements],
            "second": [titles[a.second] for a in comparison.agreements],
            "spearman": pd.array([a.spearman for a in comparison.agreements], "Float64"),
            "overlap": pd.array([a.overlap for a in comparison.agreements], "Float64"),
            "divergence": pd.array([a.divergence for a in comparison.agreements], "Float64"),
        }
    )


def maps_table(comparison: Comparison, titles) -> pd.DataFrame:
    """One row a cell of the common axis: `step`, `start_s` and `end_s` or `start`, `end` and `token`, and the weight
    of each network that has a map, a column each."""
    explanation = comparison.explanations[0]
    columns = {"step": np.arange(len(comparison.starts))}
    if explanation.modality == "speech":
        columns |= {"start_s": comparison.starts, "end_s": comparison.ends}
    else:
        starts, ends = comparison.starts.astype(int), comparison.ends.astype(int)
        text = explanation.text or ""
        tokens = [text[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        columns |= {"start": starts, "end": ends, "token": tokens}
    for title, row in zip(_apart(titles), comparison.rows, strict=True):
        if row.weights is not None:
            columns[f"weight: {title}"] = row.weights
    return pd.DataFrame(columns)


def probabilities_table(explanations: tuple[Explanation, ...], titles) -> pd.DataFrame:
    """One row a label of any network, most probable first: the probability each gives, missing where it has none."""
    columns = {
        title: pd.Series(explanation.probabilities.astype(float), index=list(explanation.labels), dtype="Float64")
        for title, explanation in zip(_apart(titles), explanations, strict=True)
    }
    table = pd.DataFrame(columns)
    order = table.max(axis=1).sort_values(ascending=False, kind="stable").index
    return table.loc[order].rename_axis("label").reset_index()


def sizes_table(comparison: Comparison, titles, parameters) -> pd.DataFrame:
    """One row a network: `network`, `n` (its parameters), `forward` and `total` (milliseconds), `steps`, and `even`,
    the share of its steps that its attention amounts to, missing without attention."""
    explanations = comparison.explanations
    spread = [None if row.effective is None else row.effective / len(row.own) for row in comparison.rows]
    return pd.DataFrame(
        {
            "network": list(titles),
            "n": list(parameters),
            "forward": [e.provenance.milliseconds["forward"] for e in explanations],
            "total": [e.provenance.milliseconds["total"] for e in explanations],
            "steps": [len(e.units) for e in explanations],
            "even": pd.array(spread, "Float64"),
        }
    )


def agreement_csv(comparison: Comparison, titles) -> str:
    """`agreement_table` as CSV text."""
    return _csv(agreement_table(comparison, titles))


def probabilities_csv(explanations: tuple[Explanation, ...], titles) -> str:
    """`probabilities_table` as CSV text."""
    return _csv(probabilities_table(explanations, titles))


def maps_csv(comparison: Comparison, titles) -> str:
    """`maps_table` as CSV text."""
    return _csv(maps_table(comparison, titles))


def to_json(comparison: Comparison, titles) -> str:
    """The whole comparison as one JSON object: every explanation as `Explanation.to_json` writes it, the common axis,
    each row on it, and the agreements. What is not known is `null`."""
    rows = [
        {
            "title": title,
            "checkpoint": explanation.provenance.checkpoint,
            "map": row.map,
            "label": row.label,
            "even": row.even,
            "effective_steps": row.effective,
            "weights": None if row.weights is None else row.weights.tolist(),
        }
        for title, explanation, row in zip(titles, comparison.explanations, comparison.rows, strict=True)
    ]
    body = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "label": comparison.label,
        "starts": comparison.starts.tolist(),
        "ends": comparison.ends.tolist(),
        "rows": rows,
        "agreement": [dataclasses.asdict(found) for found in comparison.agreements],
        "explanations": [json.loads(explanation.to_json()) for explanation in comparison.explanations],
    }
    return json.dumps(body, ensure_ascii=False, allow_nan=False)


def results_table(summaries: list[Summary], against, metrics: dict[str, str]) -> pd.DataFrame:
    """One row a recipe and split; figures that no file holds are missing.

    Args:
        against: `models.comparison_results.against_best` of the same summaries.
        metrics: name of each metric to its title, in order.
    """
    peers = [(s.modality, s.split, s.over) for s in summaries]
    columns = {"what it is": [s.title for s in summaries]}
    for name, title in metrics.items():
        if any(name in s.metrics for s in summaries):
            columns[title] = pd.array([s.mean(name) for s in summaries], "Float64")
            columns[f"spread of {title}"] = pd.array([s.spread(name) for s in summaries], "Float64")
    columns["runs"] = [_counted(s) for s in summaries]
    titles = {s.recipe: s.title for s in summaries}
    columns["against the highest"] = [
        standing(titles.get(best, best), found, peers.count(peer) == 1)
        for (best, found), peer in zip(against, peers, strict=True)
    ]
    for name in ("parameters", "milliseconds", "epochs"):
        values = [getattr(s, name) for s in summaries]
        if any(value is not None for value in values):
            columns[name] = pd.array(values, "Float64")
    columns["checkpoint"] = [s.recipe for s in summaries]
    columns["scored on"] = [s.split for s in summaries]
    table = pd.DataFrame(columns)
    return table.loc[:, [name for name in table if not name.startswith("spread") or table[name].notna().any()]]


def results_csv(summaries: list[Summary]) -> str:
    """One row a recipe, metric and run: `checkpoint`, `scored_on`, `metric`, `over`, `run`, `value`."""
    rows = [
        {"checkpoint": s.recipe, "scored_on": s.split, "metric": metric, "over": s.over, "run": run, "value": value}
        for s in summaries
        for metric, values in s.metrics.items()
        for run, value in enumerate(values, start=1)
    ]
    return _csv(pd.DataFrame(rows, columns=["checkpoint", "scored_on", "metric", "over", "run", "value"]))


def file_name(comparison: Comparison, suffix: str) -> str:
    """A safe name for a download: the input's name, `compared`, and the suffix."""
    explanation = comparison.explanations[0]
    return f"{safe_name(stem(explanation))}-compared.{suffix}"


def _apart(titles):
    """Titles with a number where one occurs twice: a table's columns need names of their own."""
    titles = list(titles)
    return [f"{title} ({i})" if titles.count(title) > 1 else title for i, title in enumerate(titles, start=1)]


def _counted(summary):
    what = summary.over if summary.count > 1 else summary.over[:-1]
    return f"{summary.count} {what}"


def _csv(table):
    return table.to_csv(index=False, lineterminator="\n")
