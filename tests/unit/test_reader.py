"""The reader's Python half: what the browser is given, and what is believed of what it sends."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import sys

import explanations
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.reader import _event
from components.reader.payload import payload, script, standalone, styles
from models.errors import InputError
from models.explanation import AttentionMap, Explanation, Provenance, Units
from models.frontend.tokenizer import tokenize

TEXT = "Oil 🛢️ rose 2 pct 👩‍👩‍👧, said\r\nقال الوزير (نعم) — 中文"
LABELS = ("crude", "grain", "ship")


def explanation(text=TEXT, labels=LABELS, maps=None, **changes):
    starts, ends = tokenize(text)
    steps = len(starts)
    if maps is None:
        weights = np.random.default_rng(0).dirichlet(np.ones(steps), len(labels))
        maps = [AttentionMap("label_attention", weights, ("label", "step"))]
    made = Explanation(
        modality="text",
        task="multi-label",
        units=Units("token", starts, ends, np.arange(steps) % 3 > 0),
        labels=labels,
        probabilities=np.linspace(0.2, 0.9, len(labels)),
        thresholds=np.full(len(labels), 0.5),
        attention=maps,
        provenance=Provenance("demo", "c0ffee", "note.txt", "f00d", "0.1.0"),
        text=text,
    )
    return dataclasses.replace(made, **changes)


def decoded(map_):
    return np.frombuffer(base64.b64decode(map_["weights"]), "<f4").reshape(map_["shape"])


def test_weights_arrive_bit_for_bit():
    given_ = explanation()
    (map_,) = payload(given_)["maps"]
    assert map_["axes"] == ["label", "step"]
    assert np.array_equal(decoded(map_), given_.attention[0].weights)


def test_weights_of_a_sliced_array_keep_their_order():
    # A transposed array is not contiguous; its bytes as they lie would be another matrix.
    steps = len(tokenize(TEXT)[0])
    weights = np.asfortranarray(np.random.default_rng(1).random((3, steps), dtype=np.float32))
    given_ = explanation(maps=[AttentionMap("m", weights, ("label", "step"))])
    assert np.array_equal(decoded(payload(given_)["maps"][0]), weights)


def test_the_payload_is_plain_json():
    given_ = explanation()
    before = dataclasses.replace(given_, probabilities=[0.1, 0.2, 0.3])
    data = payload(dataclasses.replace(given_, changed=[(2, 3), (0, 1)]), before)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["predicted"] == [False, True, True]
    assert data["ranking"] == [2, 1, 0]
    assert data["changed"] == [0, 2]
    assert np.allclose(data["before"], [0.1, 0.2, 0.3])
    assert data["known"] == [i % 3 > 0 for i in range(len(data["starts"]))]


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_offsets_count_code_points(text):
    starts, ends = tokenize(text)
    if not len(starts):
        return
    data = payload(explanation(text))
    pieces = [data["text"][a:b] for a, b in zip(data["starts"], data["ends"], strict=True)]
    assert pieces == [text[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    assert data["text"] == text


def test_ninety_labels_over_three_thousand_words_stay_small():
    text = "word " * 3000
    weights = np.full((90, 3000), 1 / 3000, np.float32)
    labels = tuple(f"topic {i}" for i in range(90))
    data = payload(explanation(text, labels, [AttentionMap("m", weights, ("label", "step"))]))
    # Four bytes a weight, a third more for base64, and the rest well under 100 kB.
    assert len(json.dumps(data)) < 90 * 3000 * 4 * 4 / 3 + 100_000
    assert data["maps"][0]["note"] == ""


def test_a_map_too_large_is_averaged_and_says_so(monkeypatch):
    steps = len(tokenize(TEXT)[0])
    weights = np.random.default_rng(2).dirichlet(np.ones(steps), (2, steps)).astype(np.float32)
    given_ = explanation(maps=[AttentionMap("self", weights, ("head", "query", "step"))])
    whole = payload(given_)["maps"][0]
    assert whole["shape"] == [2, steps, steps] and whole["note"] == ""
    monkeypatch.setattr(sys.modules["components.reader.payload"], "MOST_WEIGHTS", 2 * steps)
    small = payload(given_)["maps"][0]
    assert small["axes"] == ["head", "step"]
    assert f"{steps} queries" in small["note"]
    assert np.allclose(decoded(small), weights.mean(1), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": "Oil"}, "damaged"),
        ({"units": Units("token", [3, 0], [4, 2]), "attention": ()}, "damaged"),
        ({"units": Units("token", [-1], [2]), "attention": ()}, "damaged"),
        ({"units": Units("token", [], []), "attention": ()}, "no word"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(change, words):
    with pytest.raises(InputError, match=words):
        payload(dataclasses.replace(explanation(), **change))


def test_a_clip_is_sent_to_the_player():
    with pytest.raises(InputError, match="holds no text"):
        payload(explanations.speech())


def test_before_must_have_the_same_labels():
    with pytest.raises(InputError, match="other labels"):
        payload(explanation(), explanation(labels=("a", "b", "c")))


def test_spans_that_reach_outside_the_text_are_cut():
    steps = len(tokenize(TEXT)[0])
    data = payload(explanation(changed=[(-3, 1), (steps - 1, steps + 9)]))
    assert data["changed"] == [0, steps - 1]


@pytest.mark.parametrize(
    ("value", "event"),
    [
        ({"kind": "predict", "masked": [4, 2, 2]}, {"kind": "predict", "masked": [2, 4]}),
        ({"kind": "reset"}, {"kind": "reset"}),
        (None, None),
        ("predict", None),
        ({"kind": "predict"}, None),
        ({"kind": "predict", "masked": []}, None),
        ({"kind": "predict", "masked": [10]}, None),
        ({"kind": "predict", "masked": [-1]}, None),
        ({"kind": "predict", "masked": [1.0]}, None),
        ({"kind": "predict", "masked": [True]}, None),
        ({"kind": "predict", "masked": "12"}, None),
        ({"kind": "delete"}, None),
    ],
)
def test_only_the_two_events_are_believed(value, event):
    assert _event(value, 10) == event


def test_the_script_has_one_export_at_its_end_and_no_way_for_text_to_become_markup():
    code = script()
    assert len(re.findall(r"^export default", code, re.MULTILINE)) == 1
    assert "export" not in code.partition("export default")[2]
    assert not re.search(r"^import\b", code, re.MULTILINE)
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser", "srcdoc"):
        assert sink not in code
    assert "http://" not in code.replace("http://www.w3.org/2000/svg", "") and "https://" not in code
    assert "url(" not in styles() and "@import" not in styles()


def test_standalone_cannot_be_broken_out_of():
    evil = "</script><script>alert(1)</script><!-- <script>"
    made = standalone(explanation(evil, labels=(evil, "<b>", "x")), element_id='a"><i>')
    assert made.count("<script") == 1 and made.count("</script") == 1
    assert "<!--" not in made and "<i>" not in made
    assert "export default" not in made
    assert '"editable": false' in made
