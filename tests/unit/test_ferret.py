"""Our figures beside those of the package ferret (https://github.com/g8a9/ferret), written anew from its formulas.

What is transcribed: `ferret/evaluators/faithfulness_measures.py` and `utils_from_soft_to_discrete.py` of version 0.4.2,
which its speech evaluators share (`faithfulness_measures_speech.py`, on GitHub only), and the 0.25 s slices of
`explanation_speech/equal_width/loo_equal_width_explainer.py`. Both sides ask the same network about the same input with
the same scores and the same removal.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kendalltau
from toys import clip, linear, steps_slope, text

from components import trust_reading, trust_tables
from models import checkpoints
from models.attribution import occlusion, overlap, spearman
from models.explain import explain_clip, explain_text
from models.faithfulness import FRACTIONS, count_of, curves, ferret
from models.subjects import subject
from models.trust import Trust, assess

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"
TENTHS = np.arange(0.1, 1.1, 0.1)


def by_ferret(tested, label, scores, removal=None, thresholds=TENTHS, based_on="perc", only_pos=True):
    """ferret's AOPC comprehensiveness and sufficiency, and the sets of steps they are means over."""
    everything, ascending, sets = set(range(tested.steps)), np.argsort(scores), []
    for threshold in thresholds:
        size = int(threshold * tested.steps) if based_on == "perc" else threshold
        if size == 0:
            continue
        top = {int(i) for i in ascending[-size:] if scores[i] > 0 or not only_pos}
        if top and (not sets or top != sets[-1]):
            sets.append(top)
    if not sets:
        return 0.0, 1.0, sets
    taken = [set(), *sets, *(everything - top for top in sets)]
    removed = [[step in gone for step in range(tested.steps)] for gone in taken]
    whole, *answers = tested.probabilities(removed, removal)[:, label]
    falls = [whole - answer for answer in answers]
    return sum(falls[: len(sets)]) / len(sets), sum(falls[len(sets) :]) / len(sets), sets


def tau_b(a, b):
    """Kendall's tau as `scipy.stats.kendalltau` has it by default: pairs in the same order less pairs in the opposite
    one, over the geometric mean of the pairs that are no ties here and there."""
    i, j = np.triu_indices(len(a), 1)
    a, b = np.sign(a[i] - a[j]), np.sign(b[i] - b[j])
    return (a * b).sum() / np.sqrt((a != 0).sum() * (b != 0).sum())


def hundred_words():
    words = np.random.default_rng(3).choice(["plain"] * 24 + ["shown"], 100)
    words[[7, 40, 41]] = "both", "good", "both"
    return text(" ".join(words))


def hundred_steps():
    return clip(steps_slope(range(30, 45), 5e-4, 100), seconds=4.0)


@pytest.mark.parametrize(
    ("made", "removal"),
    [(hundred_words, "mask"), (hundred_words, "delete"), (hundred_steps, "mute"), (hundred_steps, "mean")],
)
def test_over_the_same_sets_the_figures_are_the_same(made, removal):
    tested = subject(*made())
    scores = np.random.default_rng(1).permutation(tested.steps) + 1.0
    # Of 100 steps, ferret's rounding down and ours give the same counts.
    assert tested.steps == 100
    (curve,), _ = curves(tested, 0, {"a": scores}, removal)
    comprehensiveness, sufficiency, sets = by_ferret(tested, 0, scores, removal, FRACTIONS)
    assert [len(s) for s in sets] == curve.counts[1:-1].tolist() == [1, 5, 10, 20, 50]
    assert curve.aopc_comprehensiveness == pytest.approx(comprehensiveness, abs=1e-6)
    assert curve.aopc_sufficiency == pytest.approx(sufficiency, abs=1e-6)
    assert abs(comprehensiveness) > 0.01 and abs(sufficiency) > 0.01, "figures that say something"
    (other,) = ferret(tested, 0, {"a": scores}, removal)
    comprehensiveness, sufficiency, sets = by_ferret(tested, 0, scores, removal)
    assert other.aopc_comprehensiveness == pytest.approx(comprehensiveness, abs=1e-6)
    assert other.aopc_sufficiency == pytest.approx(sufficiency, abs=1e-6) and other.sets == len(sets) == 10


@pytest.mark.parametrize(("name", "sample"), [("goemotions", "gratitude.txt"), ("ravdess", "flat.flac")])
def test_networks_that_ship_get_the_same_figures(name, sample):
    checkpoint, data = checkpoints.load(name), (SAMPLES / sample).read_bytes()
    speech = checkpoint.modality == "speech"
    explanation = explain_clip(checkpoint, data) if speech else explain_text(checkpoint, data.decode())
    tested, label = subject(checkpoint, explanation), int(explanation.ranking()[0])
    scores = explanation.attention[0].select(label=label)
    assert (scores > 0).all() and len(np.unique(scores)) == len(scores)
    fractions = (0.1, 0.2, 0.5)
    counts = [count_of(fraction, tested.steps) for fraction in fractions]
    (curve,), _ = curves(tested, label, {"attention": scores}, fractions=fractions, orders=2)
    comprehensiveness, sufficiency, _ = by_ferret(tested, label, scores, thresholds=counts, based_on="k")
    assert curve.aopc_comprehensiveness == pytest.approx(comprehensiveness, abs=2e-6)
    assert curve.aopc_sufficiency == pytest.approx(sufficiency, abs=2e-6)
    (other,) = ferret(tested, label, {"attention": scores})
    assert (other.aopc_comprehensiveness, other.aopc_sufficiency) == pytest.approx(
        by_ferret(tested, label, scores)[:2], abs=2e-6
    )
    if sample == "gratitude.txt":  # the figures in README
        (ours,), _ = curves(tested, label, {"attention": scores}, orders=2)
        assert (ours.aopc_comprehensiveness, other.aopc_comprehensiveness) == pytest.approx((0.39, 0.89), abs=0.005)


def test_its_figures_are_ferrets_for_every_length_and_sign():
    rng = np.random.default_rng(0)
    for steps in range(1, 60):
        tested = linear(rng.normal(0, 0.1, steps))
        scores = {"signed": rng.normal(0, 1, steps), "positive": rng.random(steps), "negative": -rng.random(steps)}
        for found in ferret(tested, 0, scores):
            comprehensiveness, sufficiency, sets = by_ferret(tested, 0, scores[found.name])
            assert found.aopc_comprehensiveness == pytest.approx(comprehensiveness, abs=1e-12)
            assert found.aopc_sufficiency == pytest.approx(sufficiency, abs=1e-12)
            assert found.sets == len(sets)


def test_it_counts_the_whole_input_as_one_of_ten_sets():
    rng = np.random.default_rng(5)
    tested, scores = linear(rng.normal(0.02, 0.1, 40)), {"a": rng.random(40)}
    (curve,), _ = curves(tested, 0, scores, fractions=tuple(np.arange(1, 10) / 10))
    (other,) = ferret(tested, 0, scores)
    emptied = curve.deletion[0] - curve.deletion[-1]
    assert 10 * other.aopc_comprehensiveness == pytest.approx(9 * curve.aopc_comprehensiveness + emptied, abs=1e-5)
    assert 10 * other.aopc_sufficiency == pytest.approx(9 * curve.aopc_sufficiency, abs=1e-5)
    assert abs(other.aopc_comprehensiveness - curve.aopc_comprehensiveness) > 0.01


def test_steps_that_speak_against_the_label_are_not_taken():
    # Two of ten words speak for the label, the other eight against it.
    effects = [0.4, 0.3] + [-0.05] * 8
    tested, scores = linear(effects), {"a": np.array(effects) - np.arange(10) * 1e-6}
    (other,) = ferret(tested, 0, scores)
    # Its sets are the first word and the first two; from 30 % on the set is the same, and left out.
    assert other.sets == 2 and other.aopc_comprehensiveness == pytest.approx((0.4 + 0.7) / 2)
    # p(x) - p(kept): the second set keeps 0.7 and loses eight times -0.05.
    assert other.aopc_sufficiency == pytest.approx((0.3 - 0.4 + 0 - 0.4) / 2)
    (curve,), _ = curves(tested, 0, scores, fractions=tuple(np.arange(1, 10) / 10))
    # Ours takes them last, and the probability comes back up as it does.
    falls = [0.4, 0.7, *(0.7 - 0.05 * np.arange(1, 8))]
    np.testing.assert_allclose(curve.comprehensiveness[1:-1], falls, atol=1e-6)
    assert curve.aopc_comprehensiveness == pytest.approx(np.mean(falls))


def test_without_a_positive_score_it_says_nought_and_one_and_ours_still_measures():
    tested, scores = linear([-0.1, -0.2, -0.3, -0.4, 0.0] * 2), {"a": -np.arange(1.0, 11)}
    (other,) = ferret(tested, 0, scores)
    assert (other.sets, other.aopc_comprehensiveness, other.aopc_sufficiency) == (0, 0.0, 1.0)
    (curve,), _ = curves(tested, 0, scores)
    assert curve.aopc_comprehensiveness < -0.1


def test_short_inputs_have_fewer_sets_there_and_counted_twice_here():
    effects = np.array([0.4, 0.2, 0.1, 0.05, 0.03, 0.02])
    (other,) = ferret(linear(effects), 0, {"a": effects})
    # 10 % of 6 steps is none; of 20 to 100 %, rounded down, 1, 1, 2, 3, 3, 4, 4, 5, 6, each counts once.
    assert other.sets == 6 and other.aopc_comprehensiveness == pytest.approx(np.cumsum(effects).mean())
    (curve,), _ = curves(linear(effects), 0, {"a": effects})
    assert curve.counts.tolist() == [0, 1, 1, 1, 1, 3, 6]
    assert curve.aopc_comprehensiveness == pytest.approx((4 * 0.4 + 0.7) / 5)


def test_leave_one_out_is_our_occlusion_of_single_words():
    tested = subject(*text("both plain good shown plain good both plain"))
    whole = tested.probabilities(np.zeros((1, 8), bool))[0, 0]
    alone = [whole - tested.probabilities(row[None], "delete")[0, 0] for row in np.eye(8, dtype=bool)]
    np.testing.assert_allclose(occlusion(tested, 0, "delete").scores, alone, atol=1e-6)
    np.testing.assert_allclose(alone, [0.2, 0, 0.2, 0, 0, 0.2, 0.2, 0], atol=1e-6)


def test_tau_loo_asks_for_the_sign_and_our_agreement_does_not():
    rng = np.random.default_rng(2)
    for _ in range(5):
        a, b = rng.integers(0, 6, (2, 30)).astype(float)
        assert tau_b(a, b) == pytest.approx(kendalltau(a, b)[0])
    # Attention on words that speak for the label and, as much, on words that speak against it.
    effects = np.array([0.3, -0.28, 0.2, -0.18, 0.1, -0.08, 0.04, -0.02])
    alone = occlusion(linear_subject(effects), 0).scores
    attention = np.abs(effects)
    assert spearman(attention, np.abs(alone)) == pytest.approx(1) and overlap(attention, np.abs(alone)) == 1
    # 28 pairs: where the more attended word speaks for the label, tau agrees with the pair (7 + 5 + 3 + 1); else not.
    assert tau_b(attention, alone) == pytest.approx((16 - 12) / 28)
    # Signed scores, as ferret's explainers give: both agree in full.
    assert tau_b(effects, alone) == pytest.approx(1) and spearman(effects, alone) == pytest.approx(1)


def test_agreement_in_the_panel_overlooks_what_speaks_against():
    # Attention looks at ten steps; five of them speak for the label, five against it.
    slope = steps_slope(range(8, 13), 1e-3, 40) - steps_slope(range(26, 31), 1e-3, 40)
    trust = assess(*clip(slope), label=0)
    (occluded,), (agreement,) = trust.witnesses, trust.agreement
    attention = trust.attention.scores
    assert agreement.spearman == pytest.approx(spearman(attention, np.abs(occluded.scores)))
    assert agreement.spearman > 0.6
    assert abs(tau_b(attention.astype(float), occluded.scores.astype(float))) < 0.2


def linear_subject(effects):
    """`linear` with what occlusion's description needs."""
    tested = linear(effects)
    tested.explanation = None
    return tested


def test_slices_of_a_quarter_second_halve_what_lies_across_two_of_them():
    # What counts is the 80 ms from 1.96 to 2.04 s; a slice ends at 2.00 s.
    checkpoint, explanation = clip(steps_slope([49, 50], 2e-3, 100), seconds=4.0)
    tested = subject(checkpoint, explanation)
    whole = explanation.probabilities[0]

    def fall(*spans):
        return whole - explain_clip(checkpoint, explanation.sound, muted=spans).probabilities[0]

    slices = [(0.25 * i, 0.25 * (i + 1)) for i in range(16)]
    alone = np.array([fall(span) for span in slices])
    everything = fall((0.0, 4.0))
    assert set(np.argsort(-alone)[:2]) == {7, 8}
    # The first of ferret's sets of 16 slices is one slice: 250 ms of silence, and about half of what there is to lose.
    assert 0.3 < fall(slices[int(np.argmax(alone))]) / everything < 0.7
    # Steps: 80 ms of silence take nearly all of it.
    scores = occlusion(tested, 0).scores
    assert set(np.argsort(-scores)[:2]) == {49, 50}
    (curve,), _ = curves(tested, 0, {"occlusion": scores}, fractions=(0.02, 0.2))
    assert curve.counts[1] == 2 and curve.comprehensiveness[1] / everything > 0.85


def test_thorough_tests_hold_its_figures_and_the_table_shows_them():
    checkpoint, explanation = text("both plain shown plain plain " * 4)
    quick, trust = assess(checkpoint, explanation), assess(checkpoint, explanation, quick=False)
    assert quick.ferret == () and trust_reading.FERRET not in trust_reading.scores(quick)
    assert "ferret_sufficiency" not in trust_tables.orders_table(quick)
    assert [f.name for f in trust.ferret] == [c.name for c in trust.curves]
    occluded = next(f for f in trust.ferret if f.name == "occlusion")
    # Four of twenty words have a score: two of them at 10 %, all four from 20 % on.
    assert occluded.sets == 2 and occluded.aopc_comprehensiveness == pytest.approx((0.4 + 0.8) / 2, abs=1e-5)
    rows = trust_tables.orders_table(trust).set_index("order")
    assert rows.loc["Occlusion", "ferret_comprehensiveness"] == occluded.aopc_comprehensiveness
    assert rows.loc["Occlusion", "ferret_sufficiency"] == occluded.aopc_sufficiency
    assert rows.filter(like="random", axis=0)["ferret_sufficiency"].isna().all()
    assert trust_reading.scores(trust).endswith(trust_reading.FERRET)
    # Its 0 and 1 of an order without a positive score are no measurement, and not shown as one.
    nothing = tuple(dataclasses.replace(f, sets=0) for f in trust.ferret)
    table = trust_tables.orders_table(dataclasses.replace(trust, ferret=nothing))
    assert table["ferret_comprehensiveness"].isna().all()


def test_tests_saved_before_there_were_such_figures_still_open():
    trust = assess(*text("both plain plain plain plain " * 4), quick=False)
    assert Trust.from_json(trust.to_json()).ferret == trust.ferret != ()
    body = json.loads(trust.to_json())
    del body["ferret"]
    older = Trust.from_json(json.dumps(body))
    assert older.ferret == () and older.curves[0].name == "attention"
    assert dataclasses.replace(older, ferret=trust.ferret).to_json() == trust.to_json()
