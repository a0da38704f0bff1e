"""What if? The box under the tests: it works when asked, keeps what it found, and hands changes to the page."""

from __future__ import annotations

import numpy as np
import pytest

from models import flips, sweeps
from models.errors import InputError
from models.sweeps import Sweep, Variant
from tests.pages.test_trust_panel import press, said


@pytest.fixture
def asked(monkeypatch):
    """Stands in for the sweeps: hand-made results, and a note of every call."""
    calls = []

    def made(kind, explanation, spans=()):
        other = np.roll(explanation.probabilities, 1)
        found = [(None, "as it is", explanation.probabilities, ()), (2, "most attended", other, spans)]
        return Sweep(
            kind,
            "semitones",
            explanation.labels,
            0,
            tuple(Variant(v, n, explanation.sound, p, s) for v, n, p, s in found),
        )

    def sweep(checkpoint, explanation, kind, *, progress):
        calls.append(kind)
        progress(1, 2)
        if kind == "noise":
            raise InputError("This clip is too long for it.")
        if kind == "tempo":
            raise ZeroDivisionError("division by zero")
        return made(kind, explanation)

    def silenced(checkpoint, explanation, *, label, progress):
        calls.append(("silence", label))
        return made("silence", explanation, ((0.5, 0.75),))

    monkeypatch.setattr(sweeps, "sweep", sweep)
    monkeypatch.setattr(sweeps, "silenced", silenced)
    return calls


def opened(visitor, modality, **query):
    visitor.open(modality, **query)
    visitor.at.session_state[f"{modality}-whatif"] = True
    return visitor.run()


def choose(visitor, kind):
    visitor.at.segmented_control("speech-whatif-kind").set_value(kind)
    return visitor.run()


def test_nothing_runs_until_it_is_asked(visitor, asked):
    visitor.open("speech")
    at = opened(visitor, "speech")
    assert asked == [] and len(at.get("plotly_chart")) == 0
    assert not any(b.key == "text-whatif-run" for b in at.button)


def test_a_sweep_is_drawn_told_heard_and_tabled_and_not_run_again(visitor, asked):
    opened(visitor, "speech")
    choose(visitor, "pitch")
    at = press(visitor, "speech-whatif-run")
    assert asked == ["pitch"]
    (chart,) = [c.proto for c in at.get("plotly_chart")]
    assert "+2 semitones" in chart.alt and chart.alt in said(at)
    assert len(at.get("audio")) == 2
    assert any("semitones" in str(frame.value.columns.tolist() + frame.value.values.tolist()) for frame in at.dataframe)
    visitor.run()
    assert asked == ["pitch"]
    choose(visitor, "band")
    at = choose(visitor, "pitch")
    assert asked == ["pitch"] and len(at.get("audio")) == 2


def test_a_button_pressed_before_the_page_has_followed_the_choice_runs_what_was_chosen(visitor, asked):
    at = opened(visitor, "speech")
    at.segmented_control("speech-whatif-kind").set_value("pitch")
    press(visitor, "speech-whatif-run")
    assert asked == ["pitch"]


def test_what_was_silenced_can_be_shown_in_the_player(visitor, asked):
    opened(visitor, "speech")
    press(visitor, "speech-whatif-run")
    assert asked == [("silence", int(visitor.desk("speech").shown.ranking()[0]))]
    press(visitor, "whatif-show-1")
    assert visitor.desk("speech").shown.changed == ((0.5, 0.75),)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("noise", "This clip is too long for it."), ("tempo", "Earmark itself failed here (ZeroDivisionError)")],
)
def test_what_fails_gets_one_sentence_and_is_not_tried_again(visitor, asked, kind, sentence):
    opened(visitor, "speech")
    choose(visitor, kind)
    press(visitor, "speech-whatif-run")
    (message,) = [m.replace("\\", "") for m in visitor.errors()]
    assert sentence in message
    visitor.run()
    assert asked == [kind]


def test_a_stopped_search_stays_stopped(visitor, monkeypatch):
    calls = []
    monkeypatch.setattr(flips, "flips", lambda *_, **__: calls.append(1))
    at = opened(visitor, "text")
    ideas = at.session_state["ideas-text"]
    ideas.asked = object()
    at.session_state["text-whatif-was-cancelled"] = True
    visitor.run()
    assert calls == [] and visitor.at.session_state["ideas-text"].asked is None


def test_the_words_that_turn_a_label_are_found_for_real_and_shown_in_the_reader(visitor):
    opened(visitor, "text", checkpoint="goemotions", sample="gratitude.txt")
    at = press(visitor, "text-whatif-run")
    shown = visitor.desk("text").shown
    (found,) = at.session_state["ideas-text"].results.values()
    assert found.found and found.label == shown.ranking()[0]
    words = [shown.text[shown.units.starts[i] : shown.units.ends[i]] for i in found.candidates[0].words]
    text = said(at)
    assert "masked texts were tried" in text and all(f"~~**{word}**~~" in text for word in words)
    assert [c.proto for c in at.get("plotly_chart")][0].alt.startswith("Probability of")
    press(visitor, "text-whatif-show")
    changed = visitor.desk("text").shown
    assert sorted(a for a, _ in changed.changed) == sorted(found.candidates[0].words)
    assert not changed.predicted()[found.label]
