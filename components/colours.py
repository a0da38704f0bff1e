"""The one colour scale of attention, for figures in Python and, through the payloads, in the browser.

Each variant starts at its page's ground (no attention, no tint) and runs to orange in nine steps of equal
difference in OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab/), so equal weights differ equally
to the eye. Lightness alone carries the order: it stays readable without colour vision and in grey print.
Both ends stop where running text on top still has a contrast of 4.5:1 (WCAG 2.2, criterion 1.4.3).
"""

from __future__ import annotations

LIGHT = ("#ffffff", "#fef4de", "#ffe7be", "#ffd89f", "#ffc882", "#ffb668", "#ffa352", "#ff8f40", "#ff7a33")
DARK = ("#0e1117", "#211716", "#331e15", "#462312", "#5a2a0f", "#6e300a", "#823704", "#963f00", "#ab4700")

# Lines and curves of attention on a light and on a dark ground: at least 4.5:1 against it.
LIGHT_LINE = "#b23c00"
DARK_LINE = "#ff9a5a"


def plotly_scale(dark: bool = False) -> list[list]:
    """The scale in Plotly's form: `[[0.0, "#…"], …, [1.0, "#…"]]`."""
    stops = DARK if dark else LIGHT
    return [[position / (len(stops) - 1), stop] for position, stop in enumerate(stops)]


def palette() -> dict[str, list[str] | str]:
    """Both variants as the browser components receive them."""
    return {"light": list(LIGHT), "dark": list(DARK), "lightLine": LIGHT_LINE, "darkLine": DARK_LINE}
