"""The saved report: inert whatever the text, the labels and the file name hold; complete without the app."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import trusts
from explanations import TEXT, speech, text, weights

from components import trust_wording, wording
from components.report import report
from models.errors import InputError
from models.explanation import AttentionMap, Explanation
from models.frontend.tokenizer import tokenize

EVIL = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=2><!-- <script> ]]> &lt;b&gt; ' \" {{"


class Page(html.parser.HTMLParser):
    """Every tag with its attributes, the scripts, and the text outside script and style."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.scripts, self.words, self._inside = [], [], [], None
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else None

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside is None:
            self.words.append(data)

    @property
    def names(self):
        return [tag for tag, _ in self.tags]

    @property
    def text(self):
        return " ".join(self.words)

    @property
    def policy(self):
        metas = [attrs for tag, attrs in self.tags if tag == "meta"]
        return next(m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy")


BOTH = pytest.mark.parametrize("make", [text, speech])


def hostile(make):
    labels = (EVIL, EVIL + "2", "<b>third</b>")
    changes = {"name": EVIL, "notices": (EVIL,), "changed": ((0, 1),)}
    return text(EVIL, labels, **changes) if make is text else speech(labels, **changes)


@BOTH
def test_nothing_the_user_wrote_becomes_markup(make):
    plain = Page(report(make(changed=((0, 1),), notices=("x",))))
    evil = Page(report(hostile(make)))
    # The same tags as of a harmless input, apart from the number of rows in the tables.
    assert set(evil.names) <= {*plain.names, "details", "summary"} and "img" not in evil.names
    assert evil.names.count("script") == 1
    assert not any(name.startswith("on") for _, attributes in evil.tags for name in attributes)
    assert EVIL in evil.text


@BOTH
def test_the_policy_allows_this_one_script_and_no_request(make):
    page = Page(report(hostile(make)))
    (script,) = page.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    for rule in rules.values():
        assert "http" not in rule and "*" not in rule and "unsafe-eval" not in rule
    # A policy counts only for what stands behind it.
    first = next(i for i, (tag, _) in enumerate(page.tags) if tag in ("script", "style", "link", "img"))
    policy = next(i for i, (_, attributes) in enumerate(page.tags) if attributes.get("content") == page.policy)
    assert policy < first


@BOTH
def test_nothing_is_loaded_from_elsewhere(make):
    source = report(make())
    page = Page(source)
    assert not {"link", "iframe", "object", "embed", "base", "form"} & set(page.names)
    assert all(a.get("src", "data:").startswith(("data:", "blob:")) for _, a in page.tags)
    # Names of XML vocabularies look like addresses but are never fetched.
    assert set(re.findall(r"https?://[^\s\"'`<>]+", source)) <= {"http://www.w3.org/2000/svg"}


def test_the_report_of_a_text_says_it_all_in_words():
    explanation = text(changed=((0, 1),), notices=("Half of the words are unknown.",))
    said = Page(report(explanation)).text
    assert "note.txt" in said and "Earmark 0.1.0" in said and "reuters" in said
    assert "2 labels reach the threshold, out of 3: crude (0.90), grain (0.50)." in said
    assert "This is the answer with “OPEC” masked." in said
    assert "Half of the words are unknown." in said
    assert "not why it answered" in said
    assert all(label in said for label in explanation.labels)
    assert explanation.provenance.checkpoint_hash in said and explanation.provenance.input_hash in said


def test_the_report_of_a_clip_holds_its_sound():
    explanation = speech()
    source = report(explanation)
    assert base64.b64encode(explanation.sound).decode() in source
    said = Page(source).text
    assert "happy (0.70)" in said and "44,100 Hz" in said and wording.TRAINING_DIFFERS in said


def test_the_steps_of_most_weight_are_in_the_table():
    explanation = text()
    source = report(explanation)
    table = source.partition("The steps with the most weight")[2].partition("</table>")[0]
    first = re.findall(r"<td[^>]*>(.*?)</td>", table.partition("<tbody>")[2])
    row = explanation.attention[0].weights[0]
    assert first[0] == str(row.argmax()) and f"{row.max():.5f}" in first


def test_a_map_of_several_heads_says_that_it_shows_their_average():
    rows = np.random.default_rng(0).dirichlet(np.ones(40), 3).astype(np.float32)
    source = report(speech(attention=(AttentionMap("query", rows, ("head", "step")),)))
    assert "Map: query, average of 3 heads. Evenly" in source and "on the average of 3 heads." in source
    assert "average of" not in Page(report(speech())).text


def test_the_text_comes_back_from_the_report_unchanged():
    (script,) = Page(report(text())).scripts
    data = re.search(r"mountReader\(\{ data: (\{.*?\}), parentElement", script, re.DOTALL)[1]
    assert json.loads(data)["text"] == TEXT


def test_without_an_attention_map_there_is_still_a_report():
    for make in (text, speech):
        assert "no attention map" in report(make(attention=()))


def test_long_texts_stay_of_a_size_that_opens():
    content = "word " * 3000
    steps = len(tokenize(content)[0])
    labels = tuple(f"topic {i}" for i in range(90))
    maps = (AttentionMap("label_attention", weights(90, steps), ("label", "step")),)
    assert len(report(text(content, labels, attention=maps))) < 4_000_000


def test_the_report_needs_neither_streamlit_nor_tensorflow():
    code = (
        "import sys; sys.path[:0] = ['.', 'tests/unit']\n"
        "from explanations import speech, text\nfrom components.report import report\n"
        "report(text()); report(speech())\n"
        "print([m for m in ('streamlit', 'tensorflow', 'keras') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def damaged(explanation, path, value):
    """The saved explanation with one entry replaced."""
    body = json.loads(explanation.to_json())
    place = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(body)


DAMAGES = [
    (("labels",), []),
    (("labels",), ["one"]),
    (("text",), "short"),
    (("text",), "\ud800" * 80),
    (("text",), None),
    (("units", "starts"), [0]),
    (("units", "starts", 0), -5),
    (("units", "ends", 0), 10**6),
    (("units", "ends", 0), 10**30),
    (("units", "kind"), "frame"),
    (("probabilities", 0), float("nan")),
    (("probabilities", 0), "much"),
    (("probabilities", 0), 7.5),
    (("thresholds",), 3),
    (("changed",), [["a", "b"]]),
    (("changed",), [[float("nan"), 1]]),
    (("changed",), [[0, 10**9]]),
    (("changed",), [[1]]),
    (("attention", 0, "axes"), ["step"]),
    (("attention", 0, "axes"), ["label", "label"]),
    (("attention", 0, "name"), ["x"]),
    (("attention", 0, "weights", 0, 0), None),
    (("attention",), {}),
    (("modality",), "speech"),
    (("modality",), "smell"),
    (("provenance", "milliseconds"), {"model": "fast"}),
    (("provenance", "milliseconds"), {"model": float("inf")}),
    (("provenance", "input_name"), 5),
    (("provenance", "checkpoint_hash"), None),
    (("notices",), [[1]]),
    (("windows",), [{}]),
]


@pytest.mark.parametrize(("path", "value"), DAMAGES, ids=[f"{'.'.join(map(str, p))}={v!r:.20}" for p, v in DAMAGES])
def test_a_damaged_file_is_refused_with_a_sentence_or_drawn(path, value):
    """Whatever stands in a saved file: one sentence or a report that can be written, never a traceback."""
    from components.downloads import file_name, to_csv

    try:
        explanation = Explanation.from_json(damaged(text(), path, value))
        report(explanation).encode()
        to_csv(explanation)
        file_name(explanation, "csv")
    except InputError as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("audio", "duration"), "long"),
        (("audio", "duration"), float("nan")),
        (("audio", "used"), [1]),
        (("audio", "channels"), None),
        (("picture", "envelope", "shape"), [2, 7]),
        (("picture", "envelope", "base64"), "!"),
        (("picture", "floor_db"), "low"),
        (("sound",), "!"),
        (("units", "starts"), []),
        (("changed",), [["a", "b"]]),
        (("changed",), [[None, 1]]),
        (("modality",), "text"),
    ],
)
def test_a_damaged_clip_is_refused_with_a_sentence_or_drawn(path, value):
    from components.downloads import to_csv

    try:
        explanation = Explanation.from_json(damaged(speech(), path, value))
        report(explanation).encode()
        to_csv(explanation)
    except InputError as error:
        assert str(error).endswith(".")


def test_reports_agree_on_what_was_predicted():
    explanation = text(probabilities=np.array([0.1, 0.2, 0.8]))
    assert "earn (0.80)" in Page(report(explanation)).text


def test_a_report_of_a_tested_map_says_how_far_to_believe_it():
    for explanation in (speech(), text(labels=("<b>crude</b>", "grain", "earn"))):
        trust = trusts.trust(explanation)
        said = " ".join(Page(report(explanation, trust)).text.split())
        word = trust_wording.LOOKS[trust.verdict.judgement][0]
        assert f"{word}. {trust_wording.verdict(trust)}" in said
        assert all(part in said for alarm in trust.alarms for part in (alarm.seen, alarm.why, alarm.advice))
        assert "deserve belief" not in report(explanation)
