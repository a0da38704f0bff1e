"""Attention per syllable: what files are read, and that no weight is lost or counted twice."""

import dataclasses

import explanations
import numpy as np
import pytest

from components.downloads import syllables_table
from components.player.payload import payload
from models.errors import InputError
from models.explanation import AttentionMap, Units
from models.syllables import Syllable, read, shares


def test_the_corpus_own_layout():
    found = read("0.08\tder\n0.24\tlä\n0.6\t.\n0.9\tpen\n1.2\t.\n".encode(), 2.0)
    assert found == (Syllable("der", 0.08, 0.24), Syllable("lä", 0.24, 0.6), Syllable("pen", 0.9, 1.2))


@pytest.mark.parametrize(
    "text",
    [
        "0.5\ta\n1\tb c",
        "start,label\n0.5,a\n1,b c",
        "\ufeff0.5;a\r\n\r\n1;b c\r\n",
        "0.5    a\n1    b c",
        "0.5\ta\n1\tb c\n9\tx",
    ],
    ids=["tab", "csv with headings", "semicolons, blank lines, byte order mark", "spaces", "one behind the end"],
)
def test_what_people_have(text):
    assert read(text.encode(), 2.0) == (Syllable("a", 0.5, 1.0), Syllable("b c", 1.0, 2.0))


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "empty"),
        (b"\x00\xff\xfe", "plain text"),
        (b"one\ntwo", "Line 1"),
        (b"0.5 a\nx b", "Line 2"),
        (b"0.5 a\n-1 b", "Line 2"),
        (b"0.5 a\nnan b", "Line 2"),
        (b"0.5 a\n0.4 b", "Line 2 of the syllables starts before"),
        (b"5 a", "no syllable within this clip"),
        (b"0.5 .", "no syllable within this clip"),
        (b"0 a\n" * 6000, "more than 5,000"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(data, says):
    with pytest.raises(InputError, match=says):
        read(data, 2.0)


def spoken(weights):
    """An explanation with a step of 0.1 s for each weight."""
    count = len(weights)
    given = explanations.speech()
    edges = np.arange(count + 1) * 0.1
    return dataclasses.replace(
        given,
        units=Units("frame", edges[:-1], edges[1:]),
        attention=(AttentionMap("a", np.array(weights, np.float32), ("step",), ""),),
        track=None,
        windows=(),
    )


def test_shares_by_hand():
    explanation = spoken([0.4, 0.3, 0.2, 0.1])
    rows, rest = shares(explanation, (Syllable("a", 0.0, 0.15), Syllable("b", 0.15, 0.3)))
    assert [row.share for row in rows] == pytest.approx([0.4 + 0.15, 0.15 + 0.2])
    assert rest == pytest.approx(0.1)
    # 1.5 steps hold 0.55 of the weight; even attention would give them 1.5 / 4.
    assert rows[0].times_uniform == pytest.approx(0.55 / (1.5 / 4))
    table = syllables_table(rows)
    assert table["syllable"].tolist() == ["a", "b"] and table["end (s)"].tolist() == [0.15, 0.3]
    assert table["share of attention"].sum() + rest == pytest.approx(1)


def test_no_weight_is_lost_or_counted_twice():
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(37))
    cuts = np.sort(rng.uniform(0, 3.7, 12))
    syllables = [Syllable(str(i), a, b) for i, (a, b) in enumerate(zip(cuts[:-1], cuts[1:], strict=True))]
    rows, rest = shares(spoken(weights), syllables)
    assert sum(row.share for row in rows) + rest == pytest.approx(1, abs=1e-6)
    even, _ = shares(spoken(np.full(37, 1 / 37)), syllables)
    assert [row.times_uniform for row in even] == pytest.approx([1] * 11, abs=1e-4)


def test_a_text_or_a_network_without_attention_is_refused():
    syllables = (Syllable("a", 0.0, 0.2),)
    with pytest.raises(InputError, match="voice clip"):
        shares(explanations.text(), syllables)
    with pytest.raises(InputError, match="attention"):
        shares(dataclasses.replace(explanations.speech(), attention=()), syllables)


def test_the_player_is_told_what_to_draw():
    span = {"start": 0.1, "end": 0.2, "label": "</script>", "share": 0.5, "ratio": 2.0}
    assert payload(explanations.speech(), spans=[span])["spans"] == [span]
    assert payload(explanations.speech())["spans"] == []
