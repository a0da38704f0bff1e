"""The page of saved explanations: exact, without the network, and safe against damaged files."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from models.explanation import Explanation
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def saved():
    """One explanation of each modality, as JSON."""
    from models import checkpoints
    from models.explain import explain_clip, explain_text

    folder = ROOT / "assets" / "samples"
    clip = explain_clip(checkpoints.load("ravdess"), (folder / "flat.flac").read_bytes(), name="flat.flac")
    text = explain_text(checkpoints.load("goemotions"), "<b>Thank</b> you!\n", name="note.txt", masked=[3])
    return {"speech": clip.to_json(), "text": text.to_json()}


@pytest.mark.parametrize("modality", ["speech", "text"])
def test_a_saved_explanation_opens_exactly(visitor, saved, modality):
    visitor.open("saved")
    at = visitor.upload("saved-file", "explanation.json", saved[modality].encode())
    assert not at.error
    assert at.session_state["saved"].to_json() == saved[modality]


@pytest.mark.parametrize("modality", ["speech", "text"])
def test_the_network_can_be_asked_again(visitor, saved, modality):
    visitor.open("saved")
    at = visitor.upload("saved-file", "explanation.json", saved[modality].encode())
    next(b for b in at.button if b.label.startswith("Ask the network again")).click()
    visitor.run()
    shown, original = visitor.desk(modality).shown, Explanation.from_json(saved[modality])
    assert shown.provenance.input_name == original.provenance.input_name
    assert shown.changed == original.changed
    assert shown.probabilities == pytest.approx(original.probabilities, abs=0.05)


def damaged(saved):
    body = json.loads(saved["text"])
    without_steps = body | {
        "units": {"kind": "token", "starts": [], "ends": [], "known": []},
        "attention": [m | {"weights": [[] for _ in m["weights"]]} for m in body["attention"]],
    }
    yield "not JSON", b"hello"
    yield "empty", b""
    yield "another JSON", b'{"a": 1}'
    yield "a list", b"[1, 2]"
    yield "cut off", saved["speech"][:5000].encode()
    yield "of the future", json.dumps(body | {"format_version": 99}).encode()
    yield "without labels", json.dumps(body | {"labels": []}).encode()
    yield "no numbers", json.dumps(body | {"probabilities": ["x"] * len(body["labels"])}).encode()
    yield "no steps", json.dumps(without_steps).encode()
    without_labels = {"labels": [], "probabilities": [], "thresholds": [], "attention": []}
    yield "no labels at all", json.dumps(body | without_labels).encode()
    yield "deep", b"[" * 200_000
    yield "not text", b"\xff\xfe\x00\xd8"


def test_damaged_files_get_one_sentence_and_the_earlier_one_stays(visitor, saved):
    visitor.open("saved")
    visitor.upload("saved-file", "good.json", saved["speech"].encode())
    for what, data in damaged(saved):
        at = visitor.upload("saved-file", "bad.json", data)
        assert len(visitor.errors()) == 1, what
        assert at.session_state["saved"].modality == "speech", what


def test_opening_a_saved_explanation_does_not_load_tensorflow(saved, tmp_path):
    file = tmp_path / "clip.json"
    file.write_text(saved["speech"], encoding="utf-8")
    program = f"""
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file("pages/saved.py", default_timeout=60)
at.session_state["app"] = True
at.run()
at.file_uploader("saved-file").set_value(("clip.json", open({str(file)!r}, "rb").read(), "application/json"))
at.run()
assert at.session_state["saved"].modality == "speech"
assert any("The network answers" in m.value for m in at.markdown), at
loaded = [name for name in ("tensorflow", "keras") if name in sys.modules]
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
