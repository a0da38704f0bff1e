"""Figures of a comparison: the maps of several networks under each other, and their probabilities side by side."""

from __future__ import annotations

import html
import textwrap
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components import colours
from components.comparison_wording import about_map
from components.figures import SERIES
from components.wording import probability

if TYPE_CHECKING:
    from models.comparison import Comparison

# Full colour, absolute: so many times the even share, as in components/shared/colour.js; relative: never below two.
_FULL, _LEAST = 5, 2
_MOST_COLUMNS = 2_000  # more would be narrower than a pixel
_ROW, _WAVE, _ENDS = 104, 64, 102
_LONGEST_TITLE = 64
# A title's lines must fit on a phone, where a map is 300 pixels wide.
_LINE, _LINE_HEIGHT, _UNDER_TITLE = 34, 19, 15
_BARS = 10


def colour_of(position: int, dark: bool) -> str:
    """The colour that stands for the network at that place, in every figure of a comparison."""
    return SERIES[dark][position % len(SERIES[dark])]


def maps(comparison: Comparison, titles, *, relative: bool = False, dark: bool = False) -> go.Figure:
    """Every network's map on one axis, the waveform of a clip on top.

    A row's height and tint both say how many times the even share a step got. Speech rows have the
    network's own steps; text rows have the words.

    Args:
        titles: what each network is called, in the comparison's order.
        relative: each row against its own maximum; otherwise all rows on one scale.
    """
    speech = comparison.explanations[0].modality == "speech"
    picture = comparison.explanations[0].picture if speech else None
    first = 2 if picture is not None else 1
    count = len(comparison.rows)
    heights = ([_WAVE] if picture is not None else []) + [_ROW] * count
    titles = [_lines(name, about_map(comparison, i)) for i, name in enumerate(titles)]
    gap = _UNDER_TITLE + _LINE_HEIGHT * max(map(len, titles))
    total = sum(heights) + gap * (len(heights) - 1)
    figure = make_subplots(
        rows=len(heights), cols=1, shared_xaxes=True, row_heights=heights,
        vertical_spacing=gap / total if len(heights) > 1 else 0,
    )  # fmt: skip
    if picture is not None:
        _waveform(figure, comparison.explanations[0], dark)
    ratios = [None if row.weights is None else _ratios(comparison, i, speech) for i, row in enumerate(comparison.rows)]
    peaks = [0.0 if r is None else float(r.max()) for r in ratios]
    ceiling = max([_FULL, *peaks])
    for i, ratio in enumerate(ratios):
        place = {"row": first + i, "col": 1}
        full = max(peaks[i], _LEAST) if relative else _FULL
        top = 1.05 * (full if relative else ceiling)
        if ratio is not None:
            _map(figure, comparison, i, ratio, full, top, speech, dark, place)
        else:
            _say(figure, "This network has no attention:<br>nothing to draw.", top, dark, place)
        mark = f'<span style="color:{colour_of(i, dark)}">■</span> '
        _title(figure, mark + "<br>".join(titles[i]), dark, place)
        figure.update_yaxes(
            range=[0, top], nticks=4, ticksuffix="×", showgrid=False, zeroline=False, fixedrange=True, **place
        )
    for row in range(1, len(heights) + 1):
        labelled = row == len(heights)
        figure.update_xaxes(
            showgrid=False, zeroline=False, showline=True, mirror=True, showticklabels=labelled, row=row, col=1
        )
        figure.update_yaxes(showline=True, mirror=True, row=row, col=1)
    if speech:
        figure.update_xaxes(range=[0, comparison.explanations[0].audio.duration])
    else:
        figure.update_xaxes(range=[0.5, len(comparison.starts) + 0.5])
    figure.update_xaxes(title_text="Time in seconds" if speech else "Word", row=len(heights), col=1)
    figure.update_layout(
        height=total + _ENDS + gap, showlegend=False, coloraxis=_bar(relative, dark, total),
        # Without padding: the frame stands where the map ends, and leaves the room above it to its title.
        margin={"l": 8, "r": 8, "t": gap, "b": _ENDS, "pad": 0},
    )  # fmt: skip
    return figure


def probabilities(explanations, titles, *, dark: bool = False) -> go.Figure:
    """The labels with the highest probabilities in any network, as bars grouped by label.

    A network that lacks a label has no bar there.
    """
    chosen = top_labels(explanations)
    figure = go.Figure()
    # Plotly stacks labels and bars from below: the last network goes first.
    for i, explanation in reversed(list(enumerate(explanations))):
        index = {label: k for k, label in enumerate(explanation.labels)}
        here = [label for label in chosen if label in index]
        values = [float(explanation.probabilities[index[label]]) for label in here]
        figure.add_bar(
            x=values, y=[html.escape(label) for label in here], orientation="h",
            name="<br>".join(_wrapped(titles[i])),
            marker={"color": colour_of(i, dark), "line": {"width": 0}},
            text=[html.escape(probability(value)) for value in values], textposition="outside", cliponaxis=False,
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        height=90 + len(chosen) * (20 + 17 * len(explanations)),
        margin={"l": 8, "r": 40, "t": 8, "b": 8}, barmode="group", bargap=0.25, bargroupgap=0.08,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
    )  # fmt: skip
    figure.update_layout(legend_traceorder="reversed")
    figure.update_xaxes(title_text="Probability", range=[0, 1.04], tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_yaxes(
        categoryorder="array", categoryarray=[html.escape(label) for label in chosen[::-1]], ticksuffix=" "
    )
    return figure


def top_labels(explanations, count: int = _BARS) -> list[str]:
    """Labels by their highest probability in any network, at most `count` of them, highest first."""
    best = {}
    for explanation in explanations:
        for label, value in zip(explanation.labels, explanation.probabilities.tolist(), strict=True):
            best[label] = max(best.get(label, 0.0), value)
    return sorted(best, key=lambda label: -best[label])[:count]


def _ratios(comparison, i, speech):
    """How many times the even share each step got."""
    row = comparison.rows[i]
    weights = row.own if speech else row.weights
    return weights * len(weights)


def _map(figure, comparison, i, ratio, full, top, speech, dark, place):
    if speech:
        units = comparison.explanations[i].units
        edges = np.append(units.starts, units.ends[-1])
        names = [f"{a:.2f} to {b:.2f} s" for a, b in zip(units.starts.tolist(), units.ends.tolist(), strict=True)]
    else:
        edges = np.arange(len(ratio) + 1) + 0.5
        names = [html.escape(word) for word in words(comparison)]
    group = -(-len(ratio) // _MOST_COLUMNS)
    if group > 1:
        # Of neighbours narrower than a pixel, the highest: a peak must not vanish.
        cuts = np.arange(0, len(ratio), group)
        names = [names[c + int(np.argmax(ratio[c : c + group]))] for c in cuts]
        ratio, edges = np.maximum.reduceat(ratio, cuts), np.append(edges[cuts], edges[-1])
    figure.add_heatmap(
        x=edges, y=[0, top], z=[np.clip(ratio / full, 0, 1)], coloraxis="coloraxis",
        text=[[f"{name}: {value:.2f} times the even share" for name, value in zip(names, ratio, strict=True)]],
        hovertemplate="%{text}<extra></extra>", **place,
    )  # fmt: skip
    line = colours.DARK_LINE if dark else colours.LIGHT_LINE
    figure.add_scatter(
        x=np.repeat(edges, 2)[1:-1], y=np.repeat(np.minimum(ratio, top), 2), mode="lines",
        line={"color": line, "width": 1.4}, hoverinfo="skip", **place,
    )  # fmt: skip
    figure.add_scatter(
        x=[edges[0], edges[-1]], y=[1, 1], mode="lines", hoverinfo="skip",
        line={"color": _quiet(dark), "width": 1, "dash": "dot"}, **place,
    )  # fmt: skip


def _waveform(figure, explanation, dark):
    low, high = explanation.picture.envelope.astype(float) / 127
    x = (np.arange(len(low)) + 0.5) * explanation.audio.duration / len(low)
    place = {"row": 1, "col": 1}
    style = {"mode": "lines", "hoverinfo": "skip", "line": {"color": _quiet(dark), "width": 0.6}}
    figure.add_scatter(x=x, y=low, **style, **place)
    figure.add_scatter(x=x, y=high, fill="tonexty", fillcolor=_quiet(dark), **style, **place)
    reach = max(float(np.abs([low, high]).max()), 0.05)
    figure.update_yaxes(range=[-1.05 * reach, 1.05 * reach], visible=False, fixedrange=True, **place)
    _title(figure, "Sound", dark, place)


def _title(figure, text, dark, place):
    figure.add_annotation(
        text=text, x=0, xref="x domain", xanchor="left", y=1, yref="y domain", yanchor="bottom", yshift=2,
        showarrow=False, font={"size": 15, "color": _ink(dark)}, align="left", **place,
    )  # fmt: skip


def _say(figure, sentence, top, dark, place):
    # A row without a trace would have no axes.
    figure.add_scatter(x=[None], y=[None], hoverinfo="skip", **place)
    figure.add_annotation(
        text=sentence, x=0.5, xref="x domain", y=top / 2, showarrow=False,
        font={"size": 15, "color": _ink(dark)}, **place,
    )  # fmt: skip


def _bar(relative, dark, height):
    ticks = (
        {"tickvals": [0, 1], "ticktext": ["0", "own max."]}
        if relative
        else {"tickvals": [0, 0.2, 0.6, 1], "ticktext": ["0", "1×", "3×", "5×+"]}
    )
    return {
        "cmin": 0, "cmax": 1, "colorscale": colours.plotly_scale(dark),
        # Below the maps: beside them it would take a phone's width.
        "colorbar": {
            "orientation": "h", "thickness": 10, "len": 0.6, "x": 0, "xanchor": "left", "y": -58 / height,
            "yanchor": "top", "outlinewidth": 1, "outlinecolor": _quiet(dark), **ticks,
        },
    }  # fmt: skip


def words(comparison) -> list[str]:
    """The text of every cell of a comparison of texts."""
    text = comparison.explanations[0].text or ""
    cells = zip(comparison.starts.astype(int).tolist(), comparison.ends.astype(int).tolist(), strict=True)
    return [text[a:b] for a, b in cells]


def _lines(name, about):
    """A title's lines, as HTML: the name bold, what to know of the map below it."""
    named = [f"<b>{line}</b>" for line in _wrapped(name)]
    return named + [html.escape(line) for line in textwrap.wrap(about, _LINE + 4)]


def _wrapped(title):
    """A network's name in lines, as HTML."""
    short = title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"
    return [html.escape(line) for line in textwrap.wrap(short, _LINE)]


def _ink(dark):
    return "#e6e4dd" if dark else "#1f2730"


def _quiet(dark):
    return "#98a2ac" if dark else "#6b7580"
