"""Taking steps away, random orders and their intervals, and whether the weights are needed."""

import numpy as np
import pytest
from toys import clip, linear, steps_slope, text

from models.errors import InputError
from models.explain import explain_clip, explain_text
from models.faithfulness import band, count_of, curves, order_of, random_orders, shifted_orders
from models.needed import needed
from models.subjects import subject
from models.trust import judge


def test_muted_steps_sound_exactly_as_explain_clip_mutes_them():
    checkpoint, explanation = clip(np.random.default_rng(1).normal(0, 1e-3, 240), seconds=2.0, window_seconds=1.2)
    tested = subject(checkpoint, explanation)
    sets = np.random.default_rng(2).random((4, tested.steps)) < 0.4
    sets[-1, -1] = True
    answers = tested.probabilities(sets, "mute")
    for removed, answer in zip(sets, answers, strict=True):
        again = explain_clip(checkpoint, explanation.sound, muted=tested.spans(removed))
        np.testing.assert_allclose(answer, again.probabilities, atol=1e-6)


def test_what_was_muted_stays_muted():
    checkpoint, explanation = clip(steps_slope(range(40), 1e-4, 40), muted=[(0.4, 0.8)])
    tested = subject(checkpoint, explanation)
    nothing, first = np.zeros((2, tested.steps), bool)
    first[2] = True
    answers = tested.probabilities([nothing, first])
    np.testing.assert_allclose(answers[0], explanation.probabilities, atol=1e-6)
    both = explain_clip(checkpoint, explanation.sound, muted=[(0.4, 0.8), (0.08, 0.12)])
    np.testing.assert_allclose(answers[1], both.probabilities, atol=1e-6)
    assert tested.unheard[11:19].all() and not tested.unheard[:9].any()


def test_the_table_of_muted_steps_equals_muting_them_one_set_at_a_time():
    checkpoint, explanation = clip(np.full(200, 1e-4), seconds=0.8)
    fast, slow = subject(checkpoint, explanation), subject(checkpoint, explanation)
    slow.__dict__["_local"] = False
    sets = np.random.default_rng(0).random((3, fast.steps)) < 0.5
    np.testing.assert_allclose(slow.probabilities(sets), fast.probabilities(sets), atol=1e-6)


def test_words_are_masked_or_left_out():
    checkpoint, explanation = text("good plain both good", masked=[3])
    tested = subject(checkpoint, explanation)
    removed = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]], bool)
    for removal in ("mask", "delete"):
        np.testing.assert_allclose(tested.probabilities(removed, removal)[:, 0], [0.5, 0.3, 0.1, 0.1], atol=1e-6)
    assert tested.without(removed[2], 0, "delete").tolist() == [2, 1]
    assert tested.unheard.tolist() == [False, False, False, True]


def test_equal_states_run_once_and_progress_is_told():
    tested = subject(*text("good plain " * 10))
    seen = []
    sets = np.zeros((50, 20), bool)
    sets[1, 0] = True
    tested.probabilities(sets, progress=lambda done, total: seen.append((done, total)))
    assert tested.evaluations == 2 and seen == [(2, 2)]


def test_a_window_runs_again_only_if_something_in_or_beside_it_changed():
    tested = subject(*clip(np.full(400, 1e-4), seconds=3.0, window_seconds=1.0))
    windows = len(tested.windows)
    sets = np.zeros((2, tested.steps), bool)
    sets[1, 0] = True
    tested.probabilities(sets)
    assert windows > 3 and tested.evaluations == windows + 1


def test_an_explanation_of_another_checkpoint_is_refused(monkeypatch):
    _, explanation = text("good plain")
    checkpoint, _ = clip(np.zeros(4), seconds=0.5)
    with pytest.raises(InputError, match="does not read text"):
        subject(checkpoint, explanation)
    checkpoint, _ = text("good")
    monkeypatch.setitem(checkpoint.__dict__, "hash", "another")
    with pytest.raises(InputError, match="not made with the checkpoint"):
        subject(checkpoint, explanation)


def test_deletion_and_insertion_of_a_linear_network_are_known():
    effects = [0.4, 0.2, 0.1, 0.1] + [0.0] * 16
    (curve,), _ = curves(linear(effects), 0, {"attention": effects})
    np.testing.assert_allclose(curve.fractions, [0, 0.01, 0.05, 0.1, 0.2, 0.5, 1])
    assert curve.counts.tolist() == [0, 1, 1, 2, 4, 10, 20]
    np.testing.assert_allclose(curve.deletion, [0.9, 0.5, 0.5, 0.3, 0.1, 0.1, 0.1], atol=1e-6)
    np.testing.assert_allclose(curve.insertion, [0.1, 0.5, 0.5, 0.7, 0.9, 0.9, 0.9], atol=1e-6)
    # ERASER: mean over 1, 5, 10, 20, 50 % of p(x) - p(x without r), and of p(x) - p(r).
    assert curve.aopc_comprehensiveness == pytest.approx((0.4 + 0.4 + 0.6 + 0.8 + 0.8) / 5)
    assert curve.aopc_sufficiency == pytest.approx((0.4 + 0.4 + 0.2 + 0 + 0) / 5)
    # Trapezoids over 0, 1, 1, 2, 4, 10, 20 of 20 steps.
    area = (0.7 * 1 + 0.4 * 1 + 0.2 * 2 + 0.1 * 16) / 20
    assert curve.deletion_area == pytest.approx(area) and curve.insertion_area == pytest.approx(1 - area)


def test_random_orders_are_seeded_permutations_with_different_tops():
    orders, distinct = random_orders(15, 30, seed=4, apart_from=np.arange(15))
    again, _ = random_orders(15, 30, seed=4, apart_from=np.arange(15))
    other, _ = random_orders(15, 30, seed=5, apart_from=np.arange(15))
    assert distinct and np.array_equal(orders, again) and not np.array_equal(orders, other)
    assert (np.sort(orders, axis=1) == np.arange(15)).all()
    tops = {frozenset(order[: count_of(0.2, 15)].tolist()) for order in orders}
    assert len(tops) == 30 and frozenset(range(3)) not in tops


@pytest.mark.parametrize(("steps", "enough"), [(1, False), (8, False), (9, True)])
def test_too_few_steps_for_thirty_different_sets_are_noticed(steps, enough):
    orders, distinct = random_orders(steps, 30)
    assert distinct == enough and orders.shape == (30, steps)


def test_more_orders_than_there_are_sets_are_not_asked_for():
    assert random_orders(9, 100)[0].shape == (35, 9)


def runs(order, steps, count):
    """Lengths of the runs of steps (round and round) that an order takes first, ascending."""
    mask = np.zeros(steps, bool)
    mask[order[:count]] = True
    start = int(np.flatnonzero(~mask)[0])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.roll(mask, -start).astype(int), [0]])))
    return sorted((edges[1::2] - edges[::2]).tolist())


def test_moved_orders_take_the_same_runs_elsewhere():
    order = order_of(np.random.default_rng(3).random(60).cumsum() % 1)
    moved, distinct = shifted_orders(order, 39, seed=1)
    assert distinct and moved.shape == (39, 60) and (np.sort(moved, axis=1) == np.arange(60)).all()
    tops = {frozenset(m[:12].tolist()) for m in moved}
    assert len(tops) == 39 and frozenset(order[:12].tolist()) not in tops
    assert all(runs(m, 60, 12) == runs(order, 60, 12) for m in moved)
    assert np.array_equal(moved, shifted_orders(order, 39, seed=1)[0])
    assert shifted_orders(order, 100)[0].shape == (59, 60), "there are only so many places"


@pytest.mark.parametrize(("steps", "enough"), [(1, False), (30, False), (31, True)])
def test_too_few_other_places_are_noticed(steps, enough):
    moved, distinct = shifted_orders(np.arange(steps))
    assert distinct == enough and moved.shape == (30, steps)


def test_a_pattern_that_repeats_has_fewer_other_places():
    # Moved by 20 steps it is itself.
    repeating = order_of(np.tile([1.0] * 4 + [0.0] * 16, 3))
    assert not shifted_orders(repeating)[1]


def smooth(rng, steps):
    """A random pattern in stretches, as attention's are; no place is favoured."""
    return np.convolve(np.tile(rng.random(steps), 2), np.ones(5))[steps : 2 * steps]


def test_a_smooth_pattern_that_knows_nothing_is_called_faithful_as_rarely_as_promised():
    rng = np.random.default_rng(7)
    said = []
    for trial in range(400):
        # What matters comes in stretches, too.
        effects = smooth(rng, 60) ** 8
        tested = linear(0.8 * effects / effects.sum())
        scores = {"attention": smooth(rng, 60)}
        found, random = curves(tested, 0, scores, fractions=(0.2,), orders=39, seed=trial, baseline="shifted")
        said.append(judge(found[0], random, 60).judgement)
    some = said.count("supported") + said.count("partly")
    # At most 2 in 40 for each question: plus three standard errors.
    assert said.count("supported") / 400 < 2 / 40 + 3 * 0.011
    assert 0 < some / 400 < 4 / 40 + 3 * 0.015
    assert "untestable" not in said


def test_a_smooth_pattern_on_what_matters_is_supported():
    effects = np.zeros(60)
    effects[20:30] = 0.08
    (curve,), random = curves(linear(effects), 0, {"attention": effects}, orders=39, baseline="shifted")
    assert judge(curve, random, 60).judgement == "supported" and random.baseline == "shifted"


def test_intervals_cover_at_their_nominal_rate():
    sample = np.random.default_rng(0).normal(3, 2, (31, 20_000))
    found = band(sample[:30])
    assert np.mean((found.mean_low <= 3) & (3 <= found.mean_high)) == pytest.approx(0.95, abs=0.006)
    assert np.mean((found.low <= sample[30]) & (sample[30] <= found.high)) == pytest.approx(0.95, abs=0.006)
    assert band(sample[:30], 0.5).mean_high[0] < found.mean_high[0]


def test_an_order_that_knows_nothing_is_called_faithful_as_rarely_as_promised():
    rng = np.random.default_rng(7)
    said = []
    for trial in range(400):
        effects = rng.dirichlet(np.full(25, 0.3)) * 0.8
        found, random = curves(linear(effects), 0, {"attention": rng.random(25)}, fractions=(0.2,), seed=trial)
        said.append(judge(found[0], random, 25).judgement)
    # At most 1 in 31 "supported", at most 2 in 31 with "partly": plus three standard errors.
    assert said.count("supported") / 400 < 1 / 31 + 3 * 0.009
    assert 0 < (said.count("supported") + said.count("partly")) / 400 < 2 / 31 + 3 * 0.0123
    assert "untestable" not in said


def test_an_answer_that_hangs_on_one_word_is_told_from_luck():
    effects = [0.8] + [0.0] * 99
    found, random = curves(linear(effects), 0, {"attention": effects}, fractions=(0.01, 0.2))
    # A fifth of random orders have the word in their top 20 %; hardly one has it at the very top.
    assert (random.taken > 0.7).sum() >= 3 and judge(found[0], random, 100).judgement == "supported"


def test_the_first_of_equal_scores_is_the_first_in_time():
    assert order_of([0.5, 1, 1, 0.5]).tolist() == [1, 2, 0, 3]


def test_unused_attention_is_not_needed():
    found = needed(subject(*text("both plain good plain shown plain plain plain plain plain")), 0)
    assert len(found.shuffled) == found.shuffles == 100
    assert found.shuffled.max() < 1e-6 and found.uniform < 1e-6
    assert found.found and found.difference > 0.95


def test_used_attention_is_needed():
    found = needed(subject(*text("both plain plain plain plain plain plain plain plain plain", "pooled")), 0)
    # The shuffles that leave the weight where it is move nothing; all others take nearly all of the answer.
    assert 0.6 < found.shuffled_mean < 0.8 and found.uniform == pytest.approx(0.7, abs=0.05)
    assert found.shuffled_low <= found.shuffled_mean <= found.shuffled_high
    assert not found.found and found.difference < 0.1


def test_a_second_place_that_says_the_same_is_found():
    tested = subject(*text("both plain good plain plain plain plain plain plain plain", "pooled"))
    found = needed(tested, 0)
    assert found.found and found.alternative.argmax() == 2 and found.alternative.sum() == pytest.approx(1)
    own = tested.explanation.attention[0].weights
    assert np.abs(found.alternative - own).sum() / 2 == pytest.approx(found.difference, abs=1e-5)


def test_only_the_label_under_test_counts_where_labels_are_many():
    words = "both plain plain plain plain plain"
    single = needed(subject(*text(words, "pooled")), 0)
    many = needed(subject(*text(words, "pooled", thresholds=[0.5, 0.5])), 0)
    np.testing.assert_allclose(many.shuffled, single.shuffled, atol=1e-6)


def test_the_removed_word_is_the_unknown_word_of_explain_text():
    checkpoint, explanation = text("good plain both good")
    removed = np.array([False, False, True, False])
    again = explain_text(checkpoint, explanation.text, masked=[2])
    answer = subject(checkpoint, explanation).probabilities([removed])[0]
    np.testing.assert_allclose(answer, again.probabilities, atol=1e-6)
