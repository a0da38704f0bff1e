"""The search for words that turn an answer, on networks whose truth is known."""

import numpy as np
import pytest
from toys import clip, text

from models.errors import Cancelled, InputError
from models.explain import explain_text
from models.flips import LOOKED_AT, flips

# "good" and "both" add 0.2 each to 0.1; the other label has the rest.


def test_the_fewest_words_that_turn_a_linear_network_are_found():
    # 0.9: two words leave 0.5, a tie; three turn it.
    found = flips(*text("plain good plain good plain both plain good"))
    assert found.found and found.asserted and found.threshold is None and found.label == 0
    for candidate in found.candidates:
        assert candidate.flipped and len(candidate.words) == 3 and set(candidate.words) <= {1, 3, 5, 7}
        assert candidate.rival == 1
        np.testing.assert_allclose(candidate.probabilities, [0.9, 0.7, 0.5, 0.3], atol=1e-6)
    assert len({frozenset(c.words) for c in found.candidates}) == len(found.candidates) > 1
    assert found.words == found.looked_at == 8 and found.tried > 8


def test_what_is_found_turns_the_answer_when_explained_again():
    checkpoint, explanation = text("plain good both good plain good plain")
    (candidate, *_) = flips(checkpoint, explanation).candidates
    again = explain_text(checkpoint, explanation.text, masked=candidate.words)
    assert again.ranking()[0] == candidate.rival != explanation.ranking()[0]
    assert again.probabilities[0] == pytest.approx(candidate.probabilities[-1], abs=1e-6)


def test_a_threshold_is_crossed_by_one_word_and_all_such_words_are_candidates():
    found = flips(*text("good plain both plain", thresholds=[0.4, 0.9]), label=0)
    assert found.found and found.threshold == pytest.approx(0.4)
    assert sorted(c.words for c in found.candidates) == [(0,), (2,)]
    assert all(c.rival == -1 for c in found.candidates)


def test_a_label_that_is_not_asserted_can_be_raised():
    # "no" has 0.5: without one "good" it has 0.7.
    found = flips(*text("good good plain", thresholds=[0.4, 0.6]), label=1)
    assert found.found and not found.asserted
    assert found.candidates[0].probabilities.tolist() == pytest.approx([0.5, 0.7])


def test_not_found_within_the_bound_is_said_and_the_nearest_try_is_given():
    found = flips(*text("good good good good plain"), most=2)
    assert not found.found and found.most == 2
    (nearest,) = found.candidates
    assert not nearest.flipped and len(nearest.words) == 2 and nearest.probabilities[-1] == pytest.approx(0.5)
    nothing = flips(*text("plain plain plain"))
    assert not nothing.found and nothing.asserted is True and nothing.candidates[0].probabilities[-1] > 0.8
    unknown = flips(*text("zyx xyz"))
    assert not unknown.found and unknown.words == 0 and unknown.candidates[0].words == ()


def test_a_word_that_is_not_needed_is_given_back():
    # Attention-pooled: one word's weight is shared out anew when another goes, so sets can hold idle words.
    found = flips(*text("both both plain plain good plain plain", "pooled"))
    for candidate in found.candidates:
        assert candidate.flipped == found.found
        words = set(candidate.words)
        if len(words) > 1:
            checkpoint, explanation = text("both both plain plain good plain plain", "pooled")
            for word in words:
                less = explain_text(checkpoint, explanation.text, masked=sorted(words - {word}))
                assert less.ranking()[0] == explanation.ranking()[0]


def test_words_the_network_does_not_know_are_left_alone():
    found = flips(*text("zyx good xyz good plain", masked=[4]))
    assert found.words == 2 and set(found.candidates[0].words) <= {1, 3}


def test_long_texts_are_searched_where_it_matters():
    words = ["plain"] * 2000
    for place in (100, 777, 1500, 1999):
        words[place] = "good"
    found = flips(*text(" ".join(words)))
    assert found.found and found.words == 2000 and found.looked_at <= LOOKED_AT
    assert set(found.candidates[0].words) <= {100, 777, 1500, 1999} and len(found.candidates[0].words) == 3


def test_progress_rises_to_its_total_and_may_stop_the_work():
    seen = []
    flips(*text("plain good plain good plain both plain good"), progress=lambda *at: seen.append(at))
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1]

    def stop(done, total):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        flips(*text("good good"), progress=stop)


def test_clips_are_refused():
    with pytest.raises(InputError, match="texts only"):
        flips(*clip(np.zeros(4), seconds=0.5))
