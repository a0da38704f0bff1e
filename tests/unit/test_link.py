"""What a link holds: every change survives the way there and back, and nonsense is nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.link import MOST_INDICES, MOST_SPANS, changes_after, format_changes, parse_changes

times = st.integers(0, 600_000).map(lambda ms: ms / 1000)
spans = st.lists(st.tuples(times, times).filter(lambda s: s[0] < s[1]), min_size=1, max_size=MOST_SPANS)
indices = st.lists(st.integers(0, 40_000), min_size=1, max_size=MOST_INDICES, unique=True).map(sorted)


@given(spans)
def test_muted_spans_survive_to_the_millisecond(changes):
    assert parse_changes("speech", format_changes("speech", changes)) == tuple(changes)


@given(indices)
def test_masked_words_survive(changes):
    assert parse_changes("text", format_changes("text", changes)) == tuple(changes)


@given(st.text())
def test_nonsense_is_no_change_or_a_valid_one(text):
    for start, end in parse_changes("speech", text):
        assert 0 <= start < end < float("inf")
    assert all(index >= 0 for index in parse_changes("text", text))


@pytest.mark.parametrize("text", ["", "1", "2-1", "-1-2", "nan-1", "0-inf", "1-1", "1-2,", "1e400-2", "1-2;3-4"])
def test_spans_that_are_none(text):
    assert parse_changes("speech", text) == ()


@pytest.mark.parametrize("text", ["", "-1", "1.5", "a", "1,,2", "9" * 5000])
def test_indices_that_are_none(text):
    assert parse_changes("text", text) == ()


def test_too_many_changes_are_left_out_of_a_link():
    assert format_changes("text", range(MOST_INDICES + 1)) == ""
    assert parse_changes("text", ",".join(map(str, range(MOST_INDICES + 1)))) == ()
    assert format_changes("speech", [(i, i + 0.5) for i in range(MOST_SPANS + 1)]) == ""


def test_events_of_the_views():
    assert changes_after({"kind": "reset"}, "speech") == changes_after({"kind": "reset"}, "text") == ()
    assert changes_after({"kind": "predict", "muted": [[0, 1], [2, 2.5]]}, "speech") == ((0.0, 1.0), (2.0, 2.5))
    assert changes_after({"kind": "predict", "masked": [3, 7]}, "text") == (3, 7)
