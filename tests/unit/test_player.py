"""The player's Python half: what the browser is given, and what is believed of what it sends."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import explanations
import numpy as np
import pytest

from components import colours
from components.player import _event
from components.player.payload import css, payload, script, standalone
from models.errors import InputError
from models.explanation import AttentionMap, Window

ROOT = Path(__file__).resolve().parents[2]


def floats(encoded, shape=-1):
    return np.frombuffer(base64.b64decode(encoded), "<f4").reshape(shape)


def test_times_and_weights_arrive_bit_for_bit():
    given = explanations.speech()
    data = payload(given)
    (map_,) = data["maps"]
    assert map_["axes"] == ["step"]
    assert np.array_equal(floats(map_["weights"], map_["shape"]), given.attention[0].weights)
    assert np.array_equal(floats(data["steps"]["starts"]), given.units.starts.astype(np.float32))
    assert np.array_equal(floats(data["steps"]["ends"]), given.units.ends.astype(np.float32))
    assert data["steps"]["count"] == len(given.units)


def test_picture_and_sound_arrive_unchanged():
    given = explanations.speech()
    data = payload(given)
    sent = data["picture"]
    envelope = np.frombuffer(base64.b64decode(sent["envelope"]), np.int8).reshape(2, sent["envelopeColumns"])
    cells = np.frombuffer(base64.b64decode(sent["spectrogram"]), np.uint8).reshape(sent["bands"], sent["columns"])
    assert np.array_equal(envelope, given.picture.envelope)
    assert np.array_equal(cells, given.picture.spectrogram)
    assert base64.b64decode(data["sound"]) == given.sound
    assert data["used"] == list(given.audio.used) and data["duration"] == given.audio.duration


def test_weights_of_a_transposed_array_keep_their_order():
    steps = len(explanations.speech().units)
    weights = np.random.default_rng(0).dirichlet(np.ones(steps), 3).astype(np.float32)
    turned = AttentionMap("label_attention", np.asfortranarray(weights), ("label", "step"))
    (map_,) = payload(explanations.speech(attention=(turned,)))["maps"]
    assert np.array_equal(floats(map_["weights"], map_["shape"]), weights)


def test_maps_too_large_to_send_are_averaged_over_queries_and_say_so(monkeypatch):
    steps = len(explanations.speech().units)
    weights = np.random.default_rng(0).dirichlet(np.ones(steps), (2, steps)).astype(np.float32)
    large = explanations.speech(attention=(AttentionMap("self", weights, ("head", "query", "step")),))
    assert payload(large)["maps"][0]["axes"] == ["head", "query", "step"]
    monkeypatch.setattr(sys.modules["components.player.payload"], "MOST_WEIGHTS", weights.size - 1)
    (map_,) = payload(large)["maps"]
    assert map_["axes"] == ["head", "step"]
    assert f"{steps} queries" in map_["note"]
    assert np.allclose(floats(map_["weights"], map_["shape"]), weights.mean(1), atol=1e-7)


def test_every_window_brings_all_its_probabilities():
    windows = (Window(0.0, 1.2, [0.1, 0.2, 0.7]), Window(0.8, 2.0, [0.6, 0.3, 0.1]))
    sent = payload(explanations.speech(windows=windows))["windows"]
    assert [w["label"] for w in sent] == [2, 0]
    assert [(w["start"], w["end"]) for w in sent] == [(0.0, 1.2), (0.8, 2.0)]
    assert np.allclose([w["probabilities"] for w in sent], [[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]])


def test_before_and_muted_spans():
    given = explanations.speech()
    after = dataclasses.replace(given, probabilities=[0.5, 0.3, 0.2], changed=((0.4, 0.6),))
    data = payload(after, given)
    assert np.allclose(data["before"], given.probabilities)
    assert data["changed"] == [[0.4, 0.6]]
    assert payload(given)["before"] is None


def test_what_names_clip_and_explanation_tells_them_apart():
    given = explanations.speech()
    again = explanations.speech()
    muted = dataclasses.replace(given, changed=((0.4, 0.6),))
    other = explanations.speech(seconds=3.0)
    assert payload(given)["id"] == payload(again)["id"]
    # The same sound: playhead and zoom stay. Another answer: the picture is drawn anew.
    assert payload(muted)["clip"] == payload(given)["clip"]
    assert payload(muted)["id"] != payload(given)["id"]
    assert payload(other)["clip"] != payload(given)["clip"]


def test_an_explanation_without_maps_sound_or_picture_is_still_drawable():
    bare = explanations.speech(attention=(), sound=None, picture=None, audio=None)
    data = payload(bare)
    assert data["maps"] == [] and data["sound"] is None and data["picture"] is None
    assert data["duration"] == pytest.approx(bare.units.ends[-1])
    assert data["used"] == pytest.approx([bare.units.starts[0], bare.units.ends[-1]])


def test_a_text_is_refused_in_a_sentence():
    with pytest.raises(InputError, match="open it on the text page"):
        payload(explanations.text())


def test_before_with_other_labels_is_refused():
    with pytest.raises(InputError, match="same checkpoint"):
        payload(explanations.speech(), explanations.speech(labels=("a", "b", "c")))


def test_payload_is_plain_json_with_the_one_palette():
    data = json.loads(json.dumps(payload(explanations.speech()), allow_nan=False))
    assert data["palette"]["light"] == list(colours.LIGHT)
    assert data["palette"]["dark"] == list(colours.DARK)


@pytest.mark.parametrize("key", ["x y", "1a", "", 'a"><script>'])
def test_element_ids_are_checked(key):
    with pytest.raises(ValueError, match="no element id"):
        standalone(explanations.speech(), element_id=key)


def test_user_text_cannot_leave_the_script_of_the_report():
    evil = "</script><script>alert(1)</script><!--"
    given = explanations.speech(name=evil, labels=(evil, "b", "c"))
    fragment = standalone(given, element_id="picture")
    assert fragment.count("<script") == fragment.count("</script>") == 1
    assert "<!--" not in fragment
    data = re.search(r"data: (\{.*\}) \}\);\n\}\)\(\);", fragment).group(1)
    assert json.loads(data)["labels"][0] == evil


def test_the_report_asks_no_model():
    data = re.search(r"data: (\{.*\}) \}\);", standalone(explanations.speech(), element_id="picture")).group(1)
    assert json.loads(data)["canPredict"] is False


def test_script_is_one_module_that_loads_nothing():
    source = script()
    assert source.count("export default") == 1
    assert not re.search(
        r"^\s*import\b|\bfetch\(|XMLHttpRequest|innerHTML|insertAdjacentHTML|\beval\(|https?://(?!www\.w3\.org)",
        source,
        re.MULTILINE,
    )
    assert not re.search(r"@import|url\(", css())


def test_the_payload_needs_neither_streamlit_nor_tensorflow():
    heavy = ("streamlit", "tensorflow", "keras")
    code = f"import sys, components.player; sys.exit(any(m in sys.modules for m in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


GOOD = {"kind": "predict", "muted": [[0.5, 1.0], [1.5, 2.0]]}


def test_events_are_handed_on():
    assert _event(GOOD, 2.0) == GOOD
    assert _event({"kind": "reset", "more": 1}, 2.0) == {"kind": "reset"}
    # The clip's end as the browser has it may differ in the last bit.
    assert _event({"kind": "predict", "muted": [[1, 2.0000001]]}, 2.0) == {"kind": "predict", "muted": [[1.0, 2.0]]}


@pytest.mark.parametrize(
    "value",
    [
        None, "predict", [], {"kind": "predict"}, {"kind": "predict", "muted": []}, {"kind": "other"},
        {"kind": "predict", "muted": [[1.0]]}, {"kind": "predict", "muted": [[1.0, 0.5]]},
        {"kind": "predict", "muted": [[-1.0, 0.5]]}, {"kind": "predict", "muted": [[0.5, 99.0]]},
        {"kind": "predict", "muted": [["0", "1"]]}, {"kind": "predict", "muted": [[0.0, float("nan")]]},
        {"kind": "predict", "muted": [[True, 1.5]]}, {"kind": "predict", "muted": "all"},
    ],
)  # fmt: skip
def test_anything_else_is_dropped(value):
    assert _event(value, 2.0) is None
