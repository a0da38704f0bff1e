"""What the reader's browser side is given: the explanation as plain data, the script, the styles.

Importable without Streamlit, for the command line and the offline report.
"""

from __future__ import annotations

import json
from pathlib import Path

from components import colours
from components.map_payload import map_payload
from components.wording import masked_tokens
from models.errors import InputError
from models.explanation import Explanation

_FOLDER = Path(__file__).parent
_SHARED = _FOLDER.parent / "shared"
_SCRIPTS = (
    _SHARED / "colour.js",
    _SHARED / "probabilities.js",
    _SHARED / "controls.js",
    _SHARED / "settings.js",
    *(_FOLDER / f"{name}.js" for name in ("text", "weights", "minimap", "figure", "controls", "reader")),
)
_STYLES = (_SHARED / "base.css", _SHARED / "probabilities.css", _FOLDER / "reader.css")

# 16 MB of float32 for all maps together: 90 labels over 20,000 words fit, self-attention over 3,000 words does not.
MOST_WEIGHTS = 4_000_000


def script() -> str:
    """The reader's JavaScript as one module with a default export."""
    return "\n".join(path.read_text("utf-8") for path in _SCRIPTS)


def styles() -> str:
    """The reader's CSS."""
    return "\n".join(path.read_text("utf-8") for path in _STYLES)


def payload(explanation: Explanation, before: Explanation | None = None, *, can_predict: bool = True) -> dict:
    """The explanation of a text as JSON-ready data.

    Args:
        explanation: of modality `"text"`.
        before: the explanation of the untouched text when `explanation` is of the text with words masked.
        can_predict: whether there is a model to ask again; without one, no word can be masked.

    Returns:
        A dict of text, token offsets (code points), labels and probabilities, and each map's weights as
        base64 of little-endian float32. Maps too large to send are averaged (see `map_payload`), and say so
        in `note`.

    Raises:
        InputError: the explanation is not of a text, its tokens do not lie in order within the text, or
            `before` has other labels.
    """
    if explanation.text is None:
        raise InputError("This explanation holds no text. The reader shows texts; open sound in the player.")
    steps = len(explanation.units)
    if steps == 0:
        raise InputError("This explanation holds no word. Explain a text with at least one word.")
    starts, ends = explanation.units.starts, explanation.units.ends
    if starts[0] < 0 or ends[-1] > len(explanation.text) or (ends < starts).any() or (starts[1:] < ends[:-1]).any():
        raise InputError("The words of this explanation do not lie in order within its text: the file is damaged.")
    if before is not None and before.labels != explanation.labels:
        raise InputError("The prediction before masking has other labels: both must come from one checkpoint.")
    known = explanation.units.known
    provenance = explanation.provenance
    each = MOST_WEIGHTS // max(len(explanation.attention), 1)
    return {
        "text": explanation.text,
        "starts": starts.tolist(),
        "ends": ends.tolist(),
        "known": [True] * steps if known is None else known.tolist(),
        "labels": list(explanation.labels),
        "probabilities": explanation.probabilities.tolist(),
        "thresholds": None if explanation.thresholds is None else explanation.thresholds.tolist(),
        "predicted": explanation.predicted().tolist(),
        "ranking": explanation.ranking().tolist(),
        "before": None if before is None else before.probabilities.tolist(),
        "changed": masked_tokens(explanation),
        "maps": [map_payload(map_, each) for map_ in explanation.attention],
        "provenance": {
            "checkpoint": provenance.checkpoint,
            "checkpoint_hash": provenance.checkpoint_hash,
            "input_name": provenance.input_name,
            "version": provenance.version,
        },
        "palette": colours.palette(),
        "editable": can_predict,
    }


def standalone(explanation: Explanation, *, element_id: str) -> str:
    """The reader as a self-contained piece of HTML, for the offline report: no masking there.

    Args:
        element_id: the id of the element made; unique on its page.
    """
    data = payload(explanation, can_predict=False)
    code, _, _ = script().rpartition("export default")
    # Inside a script element only "<" could end it or open a comment; JSON may spell it otherwise.
    embed = {
        name: json.dumps(value).replace("<", "\\u003c")
        for name, value in {"data": data, "css": styles(), "id": element_id}.items()
    }
    return f"""<div id="{_attribute(element_id)}"></div>
<script>
(() => {{
{code}
const host = document.getElementById({embed["id"]});
const parentElement = host.attachShadow({{ mode: "open" }});
const style = document.createElement("style");
style.textContent = {embed["css"]};
parentElement.append(style);
mountReader({{ data: {embed["data"]}, parentElement, setTriggerValue() {{}} }});
}})();
</script>"""


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
