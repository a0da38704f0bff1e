"""Does this map deserve belief? The section under the map: when it tests, what it keeps, and what it says."""

from __future__ import annotations

import dataclasses
import threading

import pytest

from components import trust_wording
from models import explain
from models import trust as tests_of_maps
from models.errors import InputError
from tests.unit import trusts

LONG = "word " * 700


class Recorder:
    """Stands in for `assess`: hand-made results, at once, and a note of every call for one modality.

    (A visitor of any page passes the speech page first.)
    """

    def __init__(self):
        self.calls, self.asked, self.error, self.modality = [], [], None, "text"

    def __call__(self, checkpoint, explanation, *, label, map_name, removal, baseline, quick, progress):
        self.asked.append((map_name, baseline))
        progress(1, 2)
        if explanation.modality == self.modality:
            self.calls.append((explanation.provenance.input_name, explanation.changed, label, removal, quick))
            if self.error is not None:
                raise self.error
        return trusts.trust(explanation, label=label, removal=removal, quick=quick)


@pytest.fixture
def recorder(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(tests_of_maps, "assess", recorder)
    return recorder


def press(visitor, key):
    visitor.at.button(key).click()
    return visitor.run()


def said(at):
    return "\n".join(m.value for m in at.markdown).replace("\\", "")


def write(visitor, text):
    at = visitor.open("text")
    at.segmented_control("text-source").set_value("typed")
    at = visitor.run()
    at.text_area("text-typed").set_value(text)
    next(b for b in at.button if b.label == "Explain").click()
    return visitor.run()


@pytest.mark.parametrize("modality", ["speech", "text"])
def test_the_real_tests_run_by_themselves_and_are_put_in_words(visitor, monkeypatch, quick_tests_of_maps, modality):
    monkeypatch.setattr(tests_of_maps, "assess", quick_tests_of_maps)
    at = visitor.open(modality)
    (trust,) = at.session_state[f"bench-{modality}"].results.values()
    shown = visitor.desk(modality).shown
    assert trust.label == shown.ranking()[0] and trust.quick
    assert trust_wording.verdict(trust) in said(at)
    assert trust_wording.LOOKS[trust.verdict.judgement][0] in said(at)
    warnings = "\n".join(w.value for w in at.warning).replace("\\", "")
    for alarm in trust.alarms:
        assert alarm.seen in warnings and alarm.why in warnings and alarm.advice in warnings
    assert not at.error


def test_what_was_tested_is_not_tested_again(visitor, recorder):
    at = visitor.open("text")
    assert len(recorder.calls) == 1
    at.toggle("text-table").set_value(True)
    at = visitor.run()
    box = next(b for b in at.selectbox if b.label == "Label under test")
    order = visitor.desk("text").shown.ranking().tolist()
    assert box.value == order[0], "the most probable label comes first"
    box.set_value(order[1])
    at = visitor.run()
    next(b for b in at.selectbox if b.label == "Label under test").set_value(order[0])
    visitor.run()
    assert [call[2] for call in recorder.calls] == [order[0], order[1]]


def test_a_clips_label_and_what_its_map_is_held_against_are_the_visitors_choice(visitor, recorder):
    recorder.modality = "speech"
    at = visitor.open("speech")
    shown = visitor.desk("speech").shown
    order = shown.ranking().tolist()
    assert [call[2] for call in recorder.calls] == [order[0]]
    assert recorder.asked[-1] == (shown.attention[0].name, "shifted")
    at.session_state["speech-tests"] = True
    at = visitor.run()
    at.segmented_control("speech-baseline-shifted").set_value("scattered")
    at = visitor.run()
    assert recorder.asked[-1] == (shown.attention[0].name, "scattered")
    next(b for b in at.selectbox if b.label == "Label under test").set_value(order[2])
    visitor.run()
    assert recorder.calls[-1][2] == order[2]
    assert not any(b.label == "Map under test" for b in visitor.at.selectbox), "there is one map only"


@pytest.fixture
def without_attention(monkeypatch):
    """Every explanation of a text comes without maps, as a network without attention gives it."""
    real = explain.explain_text

    def bare(*arguments, **options):
        return dataclasses.replace(real(*arguments, **options), attention=())

    monkeypatch.setattr(explain, "explain_text", bare)


def test_a_network_without_attention_says_so_and_still_offers_the_rest(
    visitor, monkeypatch, without_attention, quick_tests_of_maps
):
    monkeypatch.setattr(tests_of_maps, "assess", quick_tests_of_maps)
    at = visitor.open("text")
    assert "What does the answer rest on?" in said(at) and "deserve belief" not in said(at)
    assert "This network has no attention to test." in said(at)
    at.session_state["text-tests"] = True
    at = visitor.run()
    assert {t.label for t in at.tabs} == {"Taking away", "Other witnesses"}
    assert len(at.get("plotly_chart")) == 3 and not at.error
    at.session_state["text-whatif"] = True
    assert any(b.key == "text-whatif-run" for b in visitor.run().button)


def test_of_several_maps_the_visitor_chooses(visitor, monkeypatch, recorder):
    real = explain.explain_text

    def two(*arguments, **options):
        made = real(*arguments, **options)
        second = dataclasses.replace(made.attention[0], name="second")
        return dataclasses.replace(made, attention=(*made.attention, second))

    monkeypatch.setattr(explain, "explain_text", two)
    at = visitor.open("text")
    box = next(b for b in at.selectbox if b.label == "Map under test")
    assert recorder.asked[-1][0] == box.options[0] != "second"
    box.set_value("second")
    visitor.run()
    assert recorder.asked[-1][0] == "second"


def test_a_changed_input_is_tested_anew(visitor, recorder):
    sample = "wheat_exports.txt"
    visitor.open("text", sample=sample)
    visitor.open("text", sample=sample, masked="1")
    visitor.open("text", sample=sample)
    assert [(name, changed) for name, changed, *_ in recorder.calls] == [(sample, ()), (sample, ((1, 2),))]


def test_the_map_is_there_before_the_tests_have_begun(visitor, monkeypatch):
    seen = []

    def assess(checkpoint, explanation, **options):
        seen.append(visitor.desk("text").shown is explanation)
        return trusts.trust(explanation)

    monkeypatch.setattr(tests_of_maps, "assess", assess)
    visitor.open("text")
    assert seen == [True]


def test_long_inputs_wait_for_a_button_that_says_how_long_it_takes(visitor, recorder):
    at = write(visitor, LONG)
    mine = [call for call in recorder.calls if call[0] == "Your text"]
    assert mine == []
    assert "This is a long text: testing it takes about" in said(at)
    at = press(visitor, "text-test")
    assert [call[0] for call in recorder.calls][-1] == "Your text"
    assert "This is a long text" not in said(at) and "Supported by the tests" in said(at)


def test_stopped_tests_say_so_and_can_be_had_after_all(visitor, recorder):
    visitor.open("text")
    done = len(recorder.calls)
    visitor.at.session_state["bench-text"].results.clear()
    # What a press of “Cancel” leaves behind.
    visitor.at.session_state["text-trust-was-cancelled"] = True
    at = visitor.run()
    assert len(recorder.calls) == done and "were stopped, as you asked" in said(at)
    at = visitor.run()
    assert len(recorder.calls) == done, "stopped is stopped, also when the page runs again"
    at = press(visitor, "text-test")
    assert len(recorder.calls) == done + 1 and "Supported by the tests" in said(at)


def test_more_thorough_tests_take_the_place_of_the_quick_ones(visitor, recorder):
    at = visitor.open("text")
    at.session_state["text-tests"] = True
    visitor.run()
    at = press(visitor, "text-more")
    assert [call[4] for call in recorder.calls] == [True, False]
    assert not any(b.key == "text-more" for b in at.button)
    at.segmented_control("text-removal").set_value("delete")
    visitor.run()
    assert recorder.calls[-1][3:] == ("delete", True)


def test_the_panel_is_drawn_when_it_is_opened_and_every_picture_has_words(visitor, recorder):
    at = visitor.open("text")
    assert not at.get("plotly_chart")
    at.session_state["text-tests"] = True
    at = visitor.run()
    charts = [chart.proto for chart in at.get("plotly_chart")]
    assert len(charts) == 5 and all(len(chart.alt) > 40 for chart in charts)
    assert {t.label for t in at.tabs} == {"Taking away", "Other witnesses", "Is it needed?", "Plain figures"}
    few = len(at.dataframe)
    for key in ("text-curves-numbers", "text-witnesses-numbers", "text-needed-numbers"):
        at.toggle(key).set_value(True)
    at = visitor.run()
    assert len(at.dataframe) == few + 4
    words = len(visitor.desk("text").shown.units)
    assert words in {len(frame.value) for frame in at.dataframe}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (InputError("This explanation was saved without its sound."), "saved without its sound"),
        (ZeroDivisionError("division by zero"), "Earmark itself failed in these tests (ZeroDivisionError)"),
    ],
)
def test_failed_tests_get_one_sentence_and_another_try(visitor, recorder, error, sentence):
    recorder.error = error
    visitor.open("text")
    (message,) = [m.replace("\\", "") for m in visitor.errors()]
    assert sentence in message
    visitor.run()
    assert len(recorder.calls) == 1, "what failed is not tried again without being asked"
    recorder.error = None
    at = press(visitor, "text-again")
    assert not at.error and "Supported by the tests" in said(at)


def test_tests_end_when_something_else_is_asked_for(visitor, monkeypatch):
    ended = threading.Event()

    def assess(checkpoint, explanation, *, label, removal, quick, progress, **_):
        if explanation.provenance.input_name == "flat.flac":
            # As if the visitor had chosen another clip meanwhile.
            desk = visitor.desk("speech")
            desk.ask("ravdess", desk.request.input)
            try:
                progress(1, 2)
            finally:
                ended.set()
                desk.pending = None
        return trusts.trust(explanation)

    monkeypatch.setattr(tests_of_maps, "assess", assess)
    at = visitor.open("speech", sample="flat.flac")
    assert ended.is_set() and not at.error
    ended_one = visitor.desk("speech").shown.provenance.input_hash
    assert ended_one not in {question.input for question in at.session_state["bench-speech"].results}
