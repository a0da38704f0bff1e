"""Pictures of the tests on one input: a `Trust` and its `Explanation` in, a Plotly figure out."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components import colours
from components.figures import SERIES
from models.explanation import Explanation

if TYPE_CHECKING:
    from models.faithfulness import Curve
    from models.trust import Trust

# Witnesses differ in colour, in dash and in mark, so that no two are told apart by colour alone.
_DASHES = ("dash", "dot", "dashdot", "longdash")
_MARKS = ("square", "diamond", "triangle-up", "x")
_QUIET = {False: "#6b7580", True: "#98a2ac"}
_PALE = 0.38
# As many bars as a wide screen can hold apart; and as many points as a browser draws without a pause.
MOST_BARS = 500
_MOST_POINTS = 2_000
_MOST_WORDS = 36
_LONGEST_WORD = 14
_ROW, _FRAME = 92, 70
_CHANCE = {"scattered": ("Random order", "random orders"), "shifted": ("Same pattern elsewhere", "other places")}


def names(trust: Trust) -> dict[str, str]:
    """What the legend calls attention (if there is any) and each witness, by `name`."""
    attention = {"attention": "Attention"} if trust.attention else {}
    return attention | {witness.name: witness.title for witness in trust.witnesses}


def curves(trust: Trust, kind: str, *, dark: bool = False) -> go.Figure:
    """The label's probability as the steps are taken away, most important first, or as only they are kept.

    A line each for attention and the witnesses; behind them the mean of the random orders, and the
    band in which 95 % of such orders fall (cut at 0 and 1, where probabilities end).

    Args:
        kind: `"deletion"` or `"insertion"`.
    """
    band, quiet = getattr(trust.random, kind), _QUIET[dark]
    share = 100 * np.asarray(trust.random.fractions)
    low, high = np.clip(band.low, 0, 1), np.clip(band.high, 0, 1)
    figure = go.Figure()
    figure.add_scatter(x=share, y=high, mode="lines", line={"width": 0}, showlegend=False, hoverinfo="skip")
    figure.add_scatter(
        x=share, y=low, mode="lines", line={"width": 0}, fill="tonexty", fillcolor=_faded(quiet, 0.22),
        name=f"95 % of {_CHANCE[trust.random.baseline][1]}", hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=share, y=band.mean, mode="lines", line={"color": quiet, "width": 1.5, "dash": "2px,3px"},
        name=f"{_CHANCE[trust.random.baseline][0]} (mean of {trust.random.orders})",
        hovertemplate="random: %{y:.2f} at %{x:.0f} %<extra></extra>",
    )  # fmt: skip
    title = names(trust)
    for position, curve in reversed(list(enumerate(trust.curves, start=0 if trust.attention else 1))):
        figure.add_scatter(**_style(curve, kind, position, title[curve.name], dark))
    figure.update_layout(
        height=390,
        margin={"l": 8, "r": 8, "t": 16, "b": 8},
        legend={"orientation": "h", "y": -0.27, "yanchor": "top", "traceorder": "reversed"},
        hovermode="x unified",
    )
    what = "taken away" if kind == "deletion" else "kept"
    figure.update_xaxes(title_text=f"Share of the steps {what}", ticksuffix=" %", range=[-2, 102])
    figure.update_yaxes(title_text="Probability", rangemode="tozero")
    return figure


def witnesses(trust: Trust, explanation: Explanation, *, dark: bool = False) -> go.Figure:
    """Attention and what each witness says of the same steps, one row each over one axis.

    Each row has its own scale, as weights and changes of probability cannot be compared. The 20 % of
    steps that a row holds most important, for or against, are drawn full, the others pale.
    """
    rows = [("Attention (weight)", trust.attention.scores, _attention_colour(dark))] if trust.attention else []
    for position, witness in enumerate(trust.witnesses):
        rows.append((f"{witness.title} (probability)", witness.scores, _witness_colour(position, dark)))
    return _rows(rows, trust, explanation)


def alternative(trust: Trust, explanation: Explanation, *, dark: bool = False) -> go.Figure:
    """The attention weights above the most different weights found that keep the answer, on one scale.

    For tests that have `needed`.
    """
    rows = [
        ("Attention", trust.attention.scores, _attention_colour(dark)),
        ("The most different weights found", trust.needed.alternative, SERIES[dark][0]),
    ]
    figure = _rows(rows, trust, explanation)
    top = float(max(np.max(trust.attention.scores), np.max(trust.needed.alternative)))
    figure.update_yaxes(range=[0, 1.08 * top])
    return figure


def needed(trust: Trust, *, dark: bool = False) -> go.Figure:
    """How far the answer moves with shuffled weights (a dot each, and their box) and with uniform ones."""
    test, quiet = trust.needed, _QUIET[dark]
    shuffled, uniform = f"Shuffled<br>({test.shuffles} times)", "All steps<br>alike"
    figure = go.Figure()
    figure.add_box(
        x=test.shuffled, y=[shuffled] * len(test.shuffled), orientation="h", boxpoints="all", jitter=0.7, pointpos=0,
        marker={"color": _attention_colour(dark), "size": 5, "opacity": 0.6},
        line={"color": _attention_colour(dark), "width": 1.5}, fillcolor="rgba(0,0,0,0)",
        hovertemplate="moved by %{x:.3f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[test.uniform], y=[uniform], mode="markers",
        marker={"color": SERIES[dark][0], "size": 13, "symbol": "diamond"},
        hovertemplate="moved by %{x:.3f}<extra></extra>",
    )  # fmt: skip
    figure.add_vline(
        x=test.tolerance, line_dash="dot", line_color=quiet, annotation_text="left of this: the answer is kept",
        annotation_position="top right",
    )  # fmt: skip
    end = max(0.1, 1.1 * float(np.max(test.shuffled, initial=0)), 1.1 * test.uniform)
    figure.update_layout(height=240, margin={"l": 8, "r": 8, "t": 28, "b": 8}, showlegend=False)
    figure.update_xaxes(title_text="How far the answer moves (0 to 1)", range=[-0.02 * end, end])
    figure.update_yaxes(categoryorder="array", categoryarray=[uniform, shuffled])
    return figure


def thinning(steps: int) -> int:
    """Of how many neighbouring steps a picture draws only the strongest; 1 draws all. A table has them all."""
    return -(-steps // _MOST_POINTS)


def _rows(rows, trust, explanation):
    steps, group = len(explanation.units), thinning(len(explanation.units))
    x, words, hover = _axis(explanation)
    figure = make_subplots(
        rows=len(rows), cols=1, shared_xaxes=True, vertical_spacing=min(0.32 / len(rows), 0.16),
        subplot_titles=[html.escape(title) for title, _, _ in rows],
    )  # fmt: skip
    for row, (_, scores, colour) in enumerate(rows, start=1):
        scores = np.asarray(scores)
        kept = _strongest(scores, group)
        given = {"x": x[kept], "y": scores[kept], "customdata": words[kept], "hovertemplate": hover}
        if steps <= MOST_BARS:
            full = np.zeros(steps, bool)
            full[np.argsort(-np.abs(scores), kind="stable")[: trust.verdict.count]] = True
            opacity = np.where(full, 1.0, _PALE)
            figure.add_bar(**given, marker={"color": colour, "opacity": opacity, "line": {"width": 0}}, row=row, col=1)
        else:
            figure.add_scatter(**given, mode="lines", line={"color": colour, "width": 1.2}, row=row, col=1)
        figure.update_yaxes(zeroline=True, nticks=4, tickformat=".2~g", row=row, col=1)
    figure.update_layout(
        height=_ROW * len(rows) + _FRAME, margin={"l": 8, "r": 8, "t": 28, "b": 8}, bargap=0.08, showlegend=False
    )
    figure.update_annotations(x=0, xanchor="left", font_size=13)
    last = {"row": len(rows), "col": 1}
    if explanation.modality == "speech":
        figure.update_xaxes(title_text="Time in seconds", **last)
    elif steps <= _MOST_WORDS:
        shown = [w if len(w) <= _LONGEST_WORD else w[: _LONGEST_WORD - 1] + "…" for w in _words(explanation)]
        figure.update_xaxes(
            tickmode="array", tickvals=x, ticktext=[html.escape(w) for w in shown], tickangle=-60, **last
        )
        figure.update_layout(height=figure.layout.height + 50)
    else:
        figure.update_xaxes(title_text="Word", **last)
    return figure


def _axis(explanation):
    """Where each step stands, its name (escaped: Plotly reads tags), and what hovering says."""
    units = explanation.units
    if explanation.modality == "speech":
        x = (units.starts + units.ends) / 2
        return x, np.full(len(units), ""), "%{x:.2f} s: %{y:.4f}<extra></extra>"
    words = np.array([html.escape(word) for word in _words(explanation)], dtype=object)
    return np.arange(1, len(units) + 1), words, "%{customdata} (word %{x}): %{y:.4f}<extra></extra>"


def _words(explanation):
    text = explanation.text or ""
    return [text[a:b] for a, b in zip(explanation.units.starts.tolist(), explanation.units.ends.tolist(), strict=True)]


def _strongest(scores, group):
    """Indices of the entry farthest from zero in every `group` neighbours, ascending."""
    if group == 1:
        return np.arange(len(scores))
    starts = range(0, len(scores), group)
    return np.array([start + int(np.argmax(np.abs(scores[start : start + group]))) for start in starts])


def _style(curve: Curve, kind, position, title, dark):
    first = curve.name == "attention"
    colour = _attention_colour(dark) if first else _witness_colour(position - 1, dark)
    dash, mark = ("solid", "circle") if first else (_DASHES[(position - 1) % 4], _MARKS[(position - 1) % 4])
    return {
        "x": 100 * np.asarray(curve.fractions), "y": getattr(curve, kind), "name": title, "mode": "lines+markers",
        "line": {"color": colour, "width": 3 if first else 1.6, "dash": dash},
        "marker": {"size": 8 if first else 6, "symbol": mark},
        "hovertemplate": html.escape(title).lower() + ": %{y:.2f}<extra></extra>",
    }  # fmt: skip


def _attention_colour(dark):
    return colours.DARK_LINE if dark else colours.LIGHT_LINE


def _witness_colour(position, dark):
    return SERIES[dark][position % len(SERIES[dark])]


def _faded(colour, opacity):
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
