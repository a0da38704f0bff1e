"""Pictures of what would have been: answers over a sweep of a clip, and over words masked one by one."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from components.figures import SERIES
from components.whatif_wording import variant_name

if TYPE_CHECKING:
    from models.explanation import Explanation
    from models.flips import Candidate, Flips
    from models.sweeps import Sweep

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_MARKS = ("circle", "square", "diamond", "triangle-up", "x")
_QUIET = {False: "#6b7580", True: "#98a2ac"}
# More lines than this cannot be told apart.
MOST_LABELS = 5


def top_labels(sweep: Sweep) -> list[int]:
    """The labels that are drawn: those that are on top somewhere, and then the most probable ones anywhere."""
    rows = np.array([variant.probabilities for variant in sweep.variants])
    winners = list(dict.fromkeys([int(rows[sweep.original].argmax()), *rows.argmax(axis=1).tolist()]))
    others = [i for i in np.argsort(-rows.max(axis=0), kind="stable").tolist() if i not in winners]
    return (winners + others)[:MOST_LABELS]


def sweep(sweep: Sweep, *, dark: bool = False) -> go.Figure:
    """The probability of the top labels over the variants, a line each; the clip as it is is marked.

    Variants stand side by side evenly, as their values are chosen by ear and not by ruler.
    """
    names = [html.escape(variant_name(sweep, i)) for i in range(len(sweep.variants))]
    figure = go.Figure()
    mode = "markers" if sweep.kind == "silence" else "lines+markers"
    for position, label in enumerate(top_labels(sweep)):
        figure.add_scatter(
            x=names, y=[float(variant.probabilities[label]) for variant in sweep.variants], mode=mode,
            name=html.escape(sweep.labels[label]),
            line={"color": SERIES[dark][position % len(SERIES[dark])], "dash": _DASHES[position], "width": 2},
            marker={"size": 10 if mode == "markers" else 8, "symbol": _MARKS[position],
                    "color": SERIES[dark][position % len(SERIES[dark])]},
            hovertemplate=html.escape(sweep.labels[label]) + ": %{y:.2f}<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=sweep.original, line_dash="dot", line_color=_QUIET[dark])
    figure.update_layout(
        height=360,
        margin={"l": 8, "r": 8, "t": 16, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.3, "yanchor": "top"},
    )
    figure.update_xaxes(type="category", title_text=None)
    figure.update_yaxes(title_text="Probability", range=[-0.02, 1.02])
    return figure


def flip(flips: Flips, candidate: Candidate, explanation: Explanation, *, dark: bool = False) -> go.Figure:
    """The label's probability as it is, and after each masked word."""
    text = explanation.text or ""
    units = explanation.units
    words = [html.escape(text[units.starts[i] : units.ends[i]]) for i in candidate.words]
    names = ["as it is", *(f"{number}. without “{word}”" for number, word in enumerate(words, start=1))]
    figure = go.Figure()
    figure.add_scatter(
        x=names, y=candidate.probabilities, mode="lines+markers", name=html.escape(explanation.labels[flips.label]),
        line={"color": SERIES[dark][0], "width": 2}, marker={"size": 9},
        hovertemplate="%{x}: %{y:.2f}<extra></extra>",
    )  # fmt: skip
    if flips.threshold is not None:
        figure.add_hline(
            y=flips.threshold, line_dash="dot", line_color=_QUIET[dark], annotation_text="threshold",
            annotation_position="top right",
        )  # fmt: skip
    figure.update_layout(height=300, margin={"l": 8, "r": 8, "t": 16, "b": 8}, showlegend=False)
    figure.update_xaxes(type="category")
    figure.update_yaxes(title_text="Probability", range=[-0.02, 1.02])
    return figure
