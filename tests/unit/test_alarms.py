"""Each alarm sounds for what it is about, and only for that."""

import dataclasses
import io

import pytest
import soundfile
from toys import clip, steps_slope, text

from models import familiarity
from models.familiarity import Familiarity
from models.trust import assess

USUAL = Familiarity("toy", "", "some inputs", 240, 0.01, 0.05, 0.2, "", "2026-11-21", "0")


def kinds(checkpoint, explanation, **options):
    found = assess(checkpoint, explanation, **options).alarms
    for alarm in found:
        assert all(sentence.endswith(".") for sentence in (alarm.seen, alarm.why, alarm.advice))
    return {alarm.kind: alarm for alarm in found}


def explained(asked):
    return soundfile.read(io.BytesIO(asked[1].sound), dtype="float32")[0]


def test_nothing_to_doubt_gives_no_alarm():
    assert kinds(*text("both both both both " + "plain " * 16)) == {}


def test_attention_over_one_step_is_called_that():
    one = kinds(*text("good good both both " + "plain " * 6, "one-step"))
    assert set(one) == {"one-step"} and "holds the whole input" in one["one-step"].seen
    assert set(kinds(*text("good"))) == {"one-step"}
    assert kinds(*text("good"))["one-step"].advice == "Use a longer input."


def test_uniform_attention_is_called_uniform():
    found = kinds(*text("good good good " + "plain " * 9))
    assert set(found) == {"uniform"} and found["uniform"].value == pytest.approx(1)
    assert "12 of 12 steps" in found["uniform"].seen


def test_attention_on_words_the_network_does_not_know():
    words = "good good good zyx " + "plain " * 3
    assert "unknown-words" not in kinds(*text(words))
    # 1 of 3 words, and a third of the weight: no more than uniform weights would put there.
    assert "unknown-words" not in kinds(*text("good good zyx"))
    found = kinds(*text(words, unknown_attended=3.0))
    assert found["unknown-words"].value > 0.7 and "14 % of the text" in found["unknown-words"].seen


def test_attention_on_silence():
    slope = steps_slope(range(10, 20), -1e-4, 40)
    assert "silence" not in kinds(*clip(slope))
    found = kinds(*clip(slope, muted=[(0.4, 0.8)]))
    assert found["silence"].value > 0.6


def test_a_network_that_is_not_sure():
    # 0.5 for either is as unsure as two labels can be; 0.9 for "no" is not.
    assert kinds(*text("both both plain plain plain"))["unsure"].value == pytest.approx(1, abs=0.01)
    assert "unsure" not in kinds(*text("shown " + "plain " * 11))
    found = kinds(*text("both both plain plain plain plain", thresholds=[0.9, 0.4]), label=0)
    assert found["unsure"].limit == pytest.approx(0.9) and "50 % is below its threshold of 90 %" in found["unsure"].seen
    assert "unsure" not in kinds(*text("both both plain plain plain plain", thresholds=[0.9, 0.4]), label=1)


def test_a_clip_unlike_the_training_clips():
    slope = steps_slope(range(10, 20), -1e-4, 40)
    assert "unlike-training" not in kinds(*clip(slope))
    found = kinds(*clip(slope, mean=-45.0))
    assert 3.5 < found["unlike-training"].value < 4.5


def test_what_the_user_muted_is_no_fault_of_the_recording():
    slope = steps_slope(range(10, 20), -1e-4, 40)
    whole, muted = (kinds(*clip(slope, mean=-45.0, muted=spans))["unlike-training"] for spans in ((), [(0.2, 1.2)]))
    assert muted.value == pytest.approx(whole.value, rel=1e-6)


def test_a_clip_is_held_against_what_its_checkpoint_keeps(monkeypatch):
    asked = clip(steps_slope(range(10, 20), -1e-4, 40))
    off = familiarity.spectrum_distance(asked[0].frontend(explained(asked), 4).windows)
    for limit, sounds in ((off + 0.01, False), (off - 0.01, True)):
        monkeypatch.setattr(familiarity, "read", lambda checkpoint, at=limit: dataclasses.replace(USUAL, limit=at))
        found = kinds(*asked)
        assert ("unlike-training" in found) == sounds
    assert found["unlike-training"].limit == off - 0.01
    assert "99 % of the 240 clips of its corpus are within" in found["unlike-training"].seen


def test_a_text_in_words_the_network_does_not_know(monkeypatch):
    foreign = text("une phrase tout entière en français both " + "plain " * 3)
    assert "unlike-training" not in kinds(*foreign)  # nothing is kept to hold it against
    monkeypatch.setattr(familiarity, "read", lambda checkpoint: USUAL)
    found = kinds(*foreign)["unlike-training"]
    assert found.value == pytest.approx(0.6) and found.limit == 0.05
    assert "6 of the 10 words (60 %); in 99 % of 240 texts of its corpus it is at most 5 %" in found.seen
    # One unknown word in three happens in such a corpus, and what the user masked is no unknown word.
    assert "unlike-training" not in kinds(*text("both zyx plain"))
    assert "unlike-training" not in kinds(*text("both good plain plain", masked=[0, 1, 2]))
