"""The attention scale keeps its promises: even steps, one order for every eye, readable text."""

import numpy as np
import pytest

from components import colours

SCALES = {"light": colours.LIGHT, "dark": colours.DARK}
# The grounds and texts of our themes, of Streamlit's own, and of the saved report.
TEXTS = {"light": ("#1f2328", "#31333f"), "dark": ("#e6e8eb", "#fafafa")}
GROUNDS = {"light": "#ffffff", "dark": "#0e1117"}
# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(stops):
    values = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb):
    cone = rgb @ np.array(
        [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
         [0.0883024619, 0.2817188376, 0.6299787005]]
    ).T  # fmt: skip
    return np.cbrt(np.clip(cone, 0, None)) @ np.array(
        [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
         [0.0259040371, 0.7827717662, -0.8086757660]]
    ).T  # fmt: skip


def contrast(one, other):
    a, b = sorted(float(linear([c])[0] @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (b + 0.05) / (a + 0.05)


@pytest.mark.parametrize("variant", SCALES)
def test_steps_look_equally_large(variant):
    steps = np.linalg.norm(np.diff(oklab(linear(SCALES[variant])), axis=0), axis=1)
    assert steps.max() / steps.min() < 1.1


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("variant", SCALES)
def test_order_survives_colour_blindness(variant, deficiency):
    seen = np.clip(linear(SCALES[variant]) @ np.array(DEFICIENCIES[deficiency]).T, 0, 1)
    lightness = np.diff(oklab(seen)[:, 0])
    assert (lightness > 0.01).all() or (lightness < -0.01).all()


@pytest.mark.parametrize("variant", SCALES)
def test_text_is_readable_on_every_tint(variant):
    assert min(contrast(stop, text) for stop in SCALES[variant] for text in TEXTS[variant]) >= 4.5


def test_lines_stand_out_from_their_ground():
    assert contrast(colours.LIGHT_LINE, GROUNDS["light"]) >= 4.5
    assert contrast(colours.DARK_LINE, GROUNDS["dark"]) >= 4.5


@pytest.mark.parametrize("variant", SCALES)
def test_no_attention_is_no_tint(variant):
    assert SCALES[variant][0] == GROUNDS[variant]


def test_plotly_scale_runs_from_zero_to_one():
    scale = colours.plotly_scale(dark=True)
    assert scale[0] == [0.0, colours.DARK[0]]
    assert scale[-1] == [1.0, colours.DARK[-1]]
    positions = [position for position, _ in scale]
    assert positions == sorted(positions)
    assert colours.plotly_scale() != scale


def test_palette_is_the_same_scale():
    sent = colours.palette()
    assert tuple(sent["light"]) == colours.LIGHT
    assert tuple(sent["dark"]) == colours.DARK
