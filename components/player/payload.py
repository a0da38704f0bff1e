"""What the player's browser half needs, without Streamlit: data, script, style, and a page fragment of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path

import numpy as np

from components import colours
from components.map_payload import floats, map_payload
from models.errors import InputError
from models.explanation import Explanation

_HERE = Path(__file__).parent
_SHARED = _HERE.parent / "shared"
_PARTS = (
    "words", "model", "weights", "pens", "figure", "moving", "sound", "gestures", "controls", "export", "player",
)  # fmt: skip
# In this order one after the other they are one ES module.
_SCRIPTS = (
    *(_SHARED / f"{name}.js" for name in ("colour", "probabilities", "controls", "settings")),
    *(_HERE / f"{name}.js" for name in _PARTS),
)
_STYLES = (_SHARED / "base.css", _SHARED / "probabilities.css", _HERE / "player.css")

# 16 MB of float32 for all maps together; larger ones are averaged (see `map_payload`) before they are sent.
MOST_WEIGHTS = 4_000_000
_EXPORT = re.compile(r"^export default function ?\(", re.MULTILINE)


@cache
def script() -> str:
    """The player as one ES module without imports."""
    return "\n".join(path.read_text(encoding="utf-8") for path in _SCRIPTS)


@cache
def css() -> str:
    """The player's style sheet."""
    return "\n".join(path.read_text(encoding="utf-8") for path in _STYLES)


def payload(
    explanation: Explanation,
    before: Explanation | None = None,
    *,
    height: int | None = None,
    can_predict: bool = True,
    spans: list[dict] = (),
) -> dict:
    """A speech explanation as JSON types; long arrays as base64 of little-endian float32 or bytes.

    `id` names the whole explanation and `clip` its sound, so that the browser knows what it may keep.

    Args:
        spans: stretches of the clip to draw in a lane of their own: dicts of `start`, `end` (seconds), `label`,
            `share` (of the first map's weight) and `ratio` (mean weight there, in times the uniform weight).

    Raises:
        InputError: the explanation is not of speech, or `before` has other labels.
    """
    if explanation.modality != "speech":
        raise InputError("The player shows speech. This explanation is of a text: open it on the text page.")
    if before is not None and before.labels != explanation.labels:
        raise InputError("Before and after have different labels. Compare explanations of the same checkpoint.")
    units, audio, picture = explanation.units, explanation.audio, explanation.picture
    last = float(units.ends.max()) if len(units) else 0.0
    data = {
        "clip": _digest(explanation.sound or explanation.provenance.input_hash.encode()),
        "name": explanation.provenance.input_name,
        "checkpoint": explanation.provenance.checkpoint,
        "checkpointHash": explanation.provenance.checkpoint_hash[:12],
        "version": explanation.provenance.version,
        "height": height,
        "canPredict": can_predict,
        "duration": audio.duration if audio else last,
        "used": list(audio.used) if audio else ([float(units.starts.min()), last] if len(units) else [0.0, 0.0]),
        "sampleRate": audio.model_sample_rate if audio else None,
        "steps": {"count": len(units), "starts": floats(units.starts), "ends": floats(units.ends)},
        "maps": [map_payload(m, MOST_WEIGHTS // len(explanation.attention)) for m in explanation.attention],
        "labels": list(explanation.labels),
        "probabilities": explanation.probabilities.tolist(),
        "thresholds": None if explanation.thresholds is None else explanation.thresholds.tolist(),
        "predicted": explanation.predicted().tolist(),
        "perStep": explanation.track is not None,
        "before": None if before is None else before.probabilities.tolist(),
        "windows": [
            {
                "start": w.start,
                "end": w.end,
                "label": int(w.probabilities.argmax()),
                "p": float(w.probabilities.max()),
                "probabilities": w.probabilities.tolist(),
            }
            for w in explanation.windows
        ],
        "changed": [list(span) for span in explanation.changed],
        "spans": list(spans),
        "picture": None
        if picture is None
        else {
            "envelopeColumns": picture.envelope.shape[1],
            "envelope": _bytes(picture.envelope),
            "columns": picture.spectrogram.shape[1],
            "bands": picture.spectrogram.shape[0],
            "spectrogram": _bytes(picture.spectrogram),
            "hertz": picture.band_hz.tolist(),
            "floor": picture.floor_db,
            "ceiling": picture.ceiling_db,
        },
        "palette": colours.palette(),
    }
    data["id"] = _digest(json.dumps(data, sort_keys=True).encode())
    data["sound"] = None if explanation.sound is None else base64.b64encode(explanation.sound).decode("ascii")
    return data


def standalone(explanation: Explanation, *, element_id: str, spans: list[dict] = ()) -> str:
    """A self-contained HTML fragment with the player, for a page without Streamlit.

    It carries the sound and loads nothing. There is no model behind it, so no predicting again.

    Args:
        element_id: id of the element that the fragment creates; unique on its page.
        spans: see `payload`.
    """
    if not re.fullmatch(r"[A-Za-z][\w-]*", element_id):
        raise ValueError(f"{element_id!r} is no element id: letters, digits, - and _, a letter first.")
    data = _inline(payload(explanation, can_predict=False, spans=spans))
    mount = _EXPORT.sub("function mount(", script())
    return (
        f'<div id="{element_id}"></div>\n'
        f"<script>\n(() => {{\n{mount}\n"
        f"const host = document.getElementById({json.dumps(element_id)});\n"
        'const parentElement = host.attachShadow({ mode: "open" });\n'
        'const style = document.createElement("style");\n'
        f"style.textContent = {_inline(css())};\n"
        "parentElement.append(style);\n"
        f"mount({{ parentElement, data: {data} }});\n"
        "})();\n</script>\n"
    )


def _bytes(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _inline(value) -> str:
    """JSON that is safe inside a script element: no user text can close it."""
    return json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")
