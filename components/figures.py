"""Plotly figures as plain functions, shared by pages and notebooks."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components import colours
from models.explanation import Explanation

# Okabe and Ito's colours, told apart by the colour-blind, without the orange that means attention here.
SERIES = {
    False: ("#0072b2", "#007d59", "#a3457f", "#4d4d4d", "#6a51a3", "#0b6e75"),
    True: ("#56b4e9", "#3ac79a", "#dd94bd", "#bdbdbd", "#a99cd6", "#5fc9cf"),
}
_NOT_MEASURES = ("epoch", "learning_rate", "fold", "seconds")
# The line of the even share: Plotly's own is black, which the dark page swallows; this grey shows on both.
_EVEN = "#808080"
_FRAME_MS = 350


def attention_curve(explanation: Explanation, *, label: int | None = None, dark: bool = False) -> go.Figure:
    """The weight of every step in the first map, over seconds or words.

    Args:
        label: index of the label whose row is drawn; the most probable one if `None`. Ignored by
            a map that is the same for every label.
    """
    label = int(explanation.ranking()[0]) if label is None else label
    map_ = explanation.attention[0]
    weights = map_.select(label=label)
    units = explanation.units
    if explanation.modality == "speech":
        x, axis = (units.starts + units.ends) / 2, "Time in seconds"
        hover = "%{x:.2f} s: weight %{y:.4f}<extra></extra>"
        words = None
    else:
        text = explanation.text or ""
        x, axis = np.arange(len(units)), "Word"
        words = [text[a:b] for a, b in zip(units.starts.tolist(), units.ends.tolist(), strict=True)]
        hover = "%{text}: weight %{y:.4f}<extra></extra>"
    line = colours.DARK_LINE if dark else colours.LIGHT_LINE
    figure = go.Figure(
        go.Scatter(x=x, y=weights, text=words, mode="lines", line={"color": line, "width": 1.6}, hovertemplate=hover)
    )
    figure.add_hline(y=1 / max(len(units), 1), line_dash="dot", line_color=_EVEN, annotation_text="evenly shared")
    figure.update_layout(xaxis_title=axis, yaxis_title="Weight", height=280, margin={"l": 8, "r": 8, "t": 24, "b": 8})
    figure.update_yaxes(rangemode="tozero")
    return figure


def emotion_track(explanation: Explanation, *, dark: bool = False) -> go.Figure:
    """The probabilities of every step of a per-step task, stacked over the seconds of the clip; the likeliest below.

    Raises:
        ValueError: the explanation has no track.
    """
    if explanation.track is None:
        raise ValueError("Only an explanation of a per-step task has a track.")
    units, figure = explanation.units, go.Figure()
    # Steps, not slopes: a step's answer holds from its start to its end.
    x = np.append(units.starts, units.ends[-1])
    hatches = ("", "/", "x", "-", ".", "|")
    for place, index in enumerate(explanation.ranking().tolist()):
        colour = SERIES[dark][place % len(SERIES[dark])]
        values = np.append(explanation.track[:, index], explanation.track[-1, index])
        label = explanation.labels[index]
        figure.add_scatter(
            x=x, y=values, name=label, mode="lines", stackgroup="labels",
            line={"shape": "hv", "width": 0.5, "color": colour}, fillcolor=colour,
            # More labels than colours: those after the sixth are hatched.
            fillpattern={"shape": hatches[place // len(SERIES[dark]) % len(hatches)]},
            hovertemplate=f"{html.escape(label)}: %{{y:.0%}}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        height=300,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.3, "traceorder": "normal"},
        xaxis={"title": "Time in seconds", "range": [float(x[0]), float(x[-1])], "hoverformat": ".2f"},
        yaxis={"title": "Probability", "range": [0, 1], "tickformat": ".0%"},
    )
    return figure


def training_history(history: list[dict[str, float]], *, dark: bool = False) -> go.Figure:
    """How training went: losses on the left, every other measure of an epoch on the right.

    Args:
        history: one dict an epoch; `epoch` is the x axis if it is there.
    """
    names = [name for name in dict.fromkeys(key for row in history for key in row) if name not in _NOT_MEASURES]
    losses = [name for name in names if "loss" in name]
    measures = [name for name in names if name not in losses]
    groups = [("Loss<br>(lower is better)", losses), ("Measures<br>(higher is better)", measures)]
    groups = [group for group in groups if group[1]]
    figure = make_subplots(rows=1, cols=max(len(groups), 1), subplot_titles=[title for title, _ in groups])
    colour = dict(zip(names, SERIES[dark] * len(names), strict=False))
    dashes = ("solid", "dash", "dot", "dashdot")
    for column, (_, group) in enumerate(groups, start=1):
        for position, name in enumerate(group):
            rows = [(row.get("epoch", i + 1), row[name]) for i, row in enumerate(history) if name in row]
            figure.add_scatter(
                x=[r[0] for r in rows], y=[r[1] for r in rows], name=name.replace("_", " "), mode="lines",
                row=1, col=column,
                line={"color": colour[name], "dash": dashes[position % len(dashes)], "width": 2},
            )  # fmt: skip
        figure.update_xaxes(title_text="Epoch", row=1, col=column)
    figure.update_layout(
        height=360,
        margin={"l": 8, "r": 8, "t": 56, "b": 8},
        legend={"orientation": "h", "y": -0.25},
        hovermode="x unified",
    )
    return figure


def last_ranking(probabilities: np.ndarray) -> list[int]:
    """Labels by their probability after the last epoch, most probable first; `probabilities` is `(epochs, labels)`."""
    return np.argsort(-probabilities[-1], kind="stable").tolist()


def epochs_film(maps: np.ndarray, *, label: int | None = None, axes=("step",), dark: bool = False) -> go.Figure:
    """How the attention on one input was learned, one frame an epoch, with a slider and a play button.

    Args:
        maps: float array `(epochs, *axes)`.
        axes: names of the dimensions after the first, the last is `"step"`. Axes other than
            `label` are averaged; with a `label` axis, `label` picks the row, or all rows are averaged.
    """
    weights = np.asarray(maps, np.float32)
    for position in range(len(axes) - 2, -1, -1):
        if axes[position] == "label" and label is not None:
            weights = np.take(weights, label, axis=position + 1)
        else:
            weights = weights.mean(axis=position + 1)
    epochs, steps = weights.shape
    x = np.arange(1, steps + 1)
    line = {"color": colours.DARK_LINE if dark else colours.LIGHT_LINE, "width": 2}

    def curve(epoch):
        hover = "step %{x}: %{y:.4f}<extra></extra>"
        return go.Scatter(x=x, y=weights[epoch], mode="lines", line=line, hovertemplate=hover)

    figure = go.Figure(
        data=[curve(epochs - 1)],
        frames=[go.Frame(data=[curve(epoch)], name=str(epoch + 1)) for epoch in range(epochs)],
    )
    figure.add_hline(y=1 / steps, line_dash="dot", line_color=_EVEN, annotation_text="evenly shared")
    show = {"mode": "immediate", "frame": {"duration": _FRAME_MS, "redraw": False}, "transition": {"duration": 0}}
    stop = {"mode": "immediate", "frame": {"duration": 0, "redraw": False}, "transition": {"duration": 0}}
    figure.update_layout(
        height=380,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        xaxis_title="Step of the input",
        yaxis={"title": "Weight", "range": [0, float(max(weights.max(), 1 / steps)) * 1.08]},
        updatemenus=[{
            "type": "buttons", "direction": "left", "showactive": False,
            "x": 0, "y": -0.28, "xanchor": "left", "yanchor": "top",
            "buttons": [
                {"label": "▶ Play", "method": "animate", "args": [None, show | {"fromcurrent": False}]},
                {"label": "❚❚ Stop", "method": "animate", "args": [[None], stop]},
            ],
        }],
        sliders=[{
            "active": epochs - 1, "x": 0.22, "len": 0.78, "y": -0.22, "currentvalue": {"prefix": "Epoch "},
            "steps": [{"label": str(e + 1), "method": "animate", "args": [[str(e + 1)], stop]} for e in range(epochs)],
        }],
    )  # fmt: skip
    return figure
