"""What leaves the app: CSV, JSON, file names, sentences, links."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from explanations import TEXT, speech, text, weights
from hypothesis import given, settings
from hypothesis import strategies as st

from components import link, wording
from components.downloads import file_name, probabilities_table, steps_table, to_csv
from models.explanation import AttentionMap, Explanation
from models.frontend.tokenizer import tokenize


def read(csv):
    return pd.read_csv(io.StringIO(csv, newline=""), keep_default_na=False, dtype={"token": str})


def assert_same(a, b):
    assert type(a) is type(b)
    if dataclasses.is_dataclass(a):
        for field in dataclasses.fields(a):
            assert_same(getattr(a, field.name), getattr(b, field.name))
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and np.array_equal(a, b)
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    else:
        assert a == b


# --- CSV --------------------------------------------------------------------------------------------------------------


def test_a_text_comes_back_from_csv_through_pandas():
    explanation = text(changed=[(1, 2)])
    table = read(to_csv(explanation))
    assert len(table) == len(explanation.units)
    assert table["token"].tolist() == [TEXT[a:b] for a, b in zip(table["start"], table["end"], strict=True)]
    assert table["known"].tolist() == explanation.units.known.tolist()
    assert table["changed"].tolist() == [i == 1 for i in range(len(table))]
    for i, label in enumerate(explanation.labels):
        column = table[f"label_attention[{label}]"].to_numpy(np.float32)
        assert np.array_equal(column, explanation.attention[0].weights[i])
    for head in range(2):
        column = table[f"self[head {head + 1}]"].to_numpy(np.float32)
        assert np.allclose(column, explanation.attention[1].weights[head].mean(0), atol=1e-7)
    # The average over the heads is what the picture shows first.
    assert np.allclose(table["self"].to_numpy(np.float32), explanation.attention[1].weights.mean((0, 1)), atol=1e-7)
    assert list(table).index("self") == list(table).index("self[head 1]") - 1


def test_a_clip_comes_back_from_csv_through_pandas():
    explanation = speech(changed=[(0.5, 0.7)])
    table = read(to_csv(explanation))
    assert np.array_equal(table["start_s"], explanation.units.starts)
    assert np.array_equal(table["end_s"], explanation.units.ends)
    touched = (explanation.units.ends > 0.5) & (explanation.units.starts < 0.7)
    assert touched.any() and table["changed"].tolist() == touched.tolist()
    assert np.array_equal(table["universal_query"].to_numpy(np.float32), explanation.attention[0].weights)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
@settings(max_examples=80, deadline=None)
def test_every_token_survives_csv(content):
    if not len(tokenize(content)[0]):
        return
    explanation = text(content)
    # The C parser of pandas ends a field at NUL; the csv module is the stricter witness there.
    if "\x00" in content:
        return
    assert read(to_csv(explanation))["token"].tolist() == steps_table(explanation)["token"].tolist()


def test_maps_and_labels_of_one_name_keep_a_column_each():
    steps = len(tokenize(TEXT)[0])
    maps = [AttentionMap("m", weights(3, steps, seed=i), ("label", "step")) for i in range(2)]
    explanation = text(labels=("a", "a", "b"), attention=maps)
    columns = [c for c in read(to_csv(explanation)).columns if c.startswith("m")]
    assert len(columns) == 6


def test_probabilities_are_sorted_and_judged():
    table = probabilities_table(text(probabilities=np.array([0.2, 0.9, 0.5])))
    assert table["label"].tolist() == ["grain", "earn", "crude"]
    assert table["predicted"].tolist() == [True, True, False]
    assert table["threshold"].tolist() == [0.5, 0.5, 0.5]
    single = probabilities_table(speech())
    assert "threshold" not in single and single["predicted"].tolist() == [True, False, False]


# --- JSON -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("explanation", [text(changed=[(0, 1)], notices=("A < B",)), speech()], ids=["text", "speech"])
def test_json_gives_back_the_same_explanation(explanation):
    saved = explanation.to_json()
    opened = Explanation.from_json(saved)
    assert_same(opened, explanation)
    assert opened.to_json() == saved
    assert_same(Explanation.from_json(saved.encode()), explanation)
    assert to_csv(opened) == to_csv(explanation)


# --- names of files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("note.txt", "note-reuters.csv"),
        ("../../etc/passwd", "______etc_passwd-reuters.csv"),
        ('a"b\r\nSet-Cookie: x.txt', "a_b__Set-Cookie__x-reuters.csv"),
        ("", "text-reuters.csv"),
        (".txt", "text-reuters.csv"),
        ("<script>.html", "_script_-reuters.csv"),
    ],
)
def test_file_names_are_safe(name, expected):
    assert file_name(text(name=name), "csv") == expected


def test_a_changed_input_is_saved_under_another_name():
    assert file_name(text(changed=[(0, 1)]), "json") == "note-reuters-changed.json"
    assert len(file_name(text(name="x" * 500), "json")) < 100


# --- sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0.00"), (0.004, "<0.01"), (0.62, "0.62"), (0.996, ">0.99"), (1, "1.00")]
)
def test_probabilities_never_round_to_certainty(value, shown):
    assert wording.probability(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.3, "0.30 s"), (59.994, "59.99 s"), (59.996, "1:00 min"), (125, "2:05 min")]
)
def test_times_are_for_people(value, shown):
    assert wording.seconds(value) == shown


def test_the_verdict_of_one_and_of_many():
    assert wording.verdict(speech()) == "The network answers happy (0.70); next comes calm (0.20)."
    assert wording.verdict(text()) == "2 labels reach the threshold, out of 3: crude (0.90), grain (0.50)."
    one = text(probabilities=np.array([0.1, 0.2, 0.8]))
    assert wording.verdict(one) == "1 label reaches the threshold, out of 3: earn (0.80)."
    none = text(probabilities=np.array([0.1, 0.2, 0.3]))
    assert wording.verdict(none) == "No label reaches its threshold; the closest is earn (0.30)."


def test_the_change_is_told_as_from_and_to():
    before = speech()
    after = speech(probabilities=np.array([0.6, 0.3, 0.1]), changed=[(0.5, 0.7), (1.0, 1.25)])
    assert wording.change(after, before) == (
        "With 0.50–0.70 s and 1.00–1.25 s muted, happy went from 0.70 to 0.30, and the answer is now calm."
    )
    same = speech(changed=[(0.5, 0.7)])
    assert wording.change(same, before) == "With 0.50–0.70 s muted, happy stays at 0.70."
    masked = text(probabilities=np.array([0.4, 0.5, 0.1]), changed=[(0, 1), (2, 3)])
    assert wording.change(masked, text()) == "With “OPEC” and “oil” masked, crude went from 0.90 to 0.40."


def test_many_masked_words_are_counted_not_listed():
    long = text("word " * 500, changed=[(i, i + 1) for i in range(500)])
    sentence = wording.taken_away(long)
    assert len(sentence) < 200 and sentence.endswith(" and 493 more words masked")


def test_spans_of_several_words_and_outside_the_text_are_told():
    assert wording.taken_away(text(changed=[(0, 2)])) == "“OPEC” and “cuts” masked"
    assert wording.taken_away(text(changed=[(0, 1), (900, 901)])) == "“OPEC” masked"
    assert wording.taken_away(text(changed=[(900, 901)])) == "nothing masked"
    assert wording.taken_away(speech()) == "nothing muted"


def test_top_steps_read_the_picture_out():
    explanation = text()
    row = explanation.attention[0].weights[1]
    top = int(row.argmax())
    start, end = explanation.units.starts[top], explanation.units.ends[top]
    sentence = wording.top_steps(explanation, label=1, count=1)
    assert sentence == f"For grain, the most attended word is “{TEXT[start:end]}” ({100 * row[top]:.1f} %)."
    assert wording.top_steps(text(attention=())) == "There is no attention to show."
    clip = speech()
    first = clip.units.starts[clip.attention[0].weights.argmax()]
    assert wording.top_steps(clip).startswith(f"The most attended moments are at {first:.2f} s (")
    heads = speech(attention=(AttentionMap("query", weights(3, 40), ("head", "step")),))
    assert wording.top_steps(heads).endswith(" %), on the average of 3 heads.")


def test_a_word_from_right_to_left_keeps_the_sentence_in_order():
    arabic = text(changed=[(6, 7)])
    assert wording.taken_away(arabic) == "“\u2068قال\u2069” masked"


def test_facts_say_what_the_model_got():
    facts = dict(wording.facts(speech()))
    assert facts["The file"] == "WAV, 16-bit PCM, 44,100 Hz, stereo, mixed to mono, 2.00 s"
    assert facts["What the model heard"] == "16,000 Hz mono"
    assert facts["Part used"].startswith("0.20 s to 1.80 s")
    assert facts["Time taken"] == "9 ms: decode 2"
    steps, known = len(text().units), text().units.known
    unknown = len(range(0, steps, 3))
    said = dict(wording.facts(text()))["Unknown to the model"]
    assert said == f"{unknown} of {steps}; all of these look alike to it"
    units = dataclasses.replace(text().units, known=np.ones_like(known))
    assert dict(wording.facts(text(units=units)))["Unknown to the model"] == f"0 of {steps}"


def test_markdown_in_a_file_name_stays_text():
    assert wording.plain("[a](b) <i> $x$") == "\\[a\\]\\(b\\) \\<i\\> \\$x\\$"


# --- links ------------------------------------------------------------------------------------------------------------


def test_changes_survive_a_link():
    spans = ((0.5, 1.25), (2.0, 2.4))
    assert link.parse_changes("speech", link.format_changes("speech", spans)) == spans
    assert link.parse_changes("text", link.format_changes("text", (3, 17))) == (3, 17)
    assert link.format_changes("text", ()) == "" and link.parse_changes("text", "") == ()


@pytest.mark.parametrize("modality", ["speech", "text"])
@pytest.mark.parametrize("bad", ["x", "1-", "-1", "1-0.5", "nan-inf", "1e999-2", "0-inf", "1,,2", "<b>", "9" * 5000])
def test_a_link_that_was_tampered_with_changes_nothing(modality, bad):
    assert link.parse_changes(modality, bad) == ()


def test_events_ask_for_changes():
    assert link.changes_after({"kind": "reset"}, "text") == ()
    assert link.changes_after({"kind": "predict", "masked": [2, 7]}, "text") == (2, 7)
    assert link.changes_after({"kind": "predict", "muted": [[0.5, 1]]}, "speech") == ((0.5, 1.0),)


def test_the_answers_of_every_step_are_columns_of_the_table():
    track = weights(40, 3)
    table = steps_table(speech(task="per-step", track=track))
    np.testing.assert_array_equal(table[["p(calm)", "p(happy)", "p(sad)"]].to_numpy(), track)
    assert not [name for name in steps_table(speech()).columns if name.startswith("p(")]
    assert ("Answers", "one a step; 0 stretches with one label on top") in wording.facts(speech(track=track))
