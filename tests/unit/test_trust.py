"""The whole set of tests on inputs whose truth is known, and what is said about them."""

import dataclasses
import json

import numpy as np
import pytest
from toys import clip, steps_slope, text

from components import trust_wording
from models.errors import Cancelled, InputError
from models.faithfulness import baselines_of
from models.trust import JUDGEMENTS, Trust, assess

TRUE = "both plain plain plain plain " * 4
FALSE = "shown plain good plain plain " * 4


@pytest.fixture(scope="module")
def supported():
    return assess(*text(TRUE))


def test_attention_on_the_words_that_matter_is_supported(supported):
    verdict = supported.verdict
    assert verdict.judgement == "supported" and verdict.count == 4 and verdict.orders == 30
    assert verdict.taken == pytest.approx(0.8, abs=1e-5) and verdict.kept == pytest.approx(0, abs=1e-5)
    assert verdict.taken_mean == pytest.approx(0.16, abs=0.06) and verdict.taken_chance == pytest.approx(1 / 31)
    # Occlusion by pairs of words spreads each word's fall over its neighbour, too.
    assert [(a.witness, a.spearman > 0.5, a.overlap) for a in supported.agreement] == [("occlusion", True, 0.5)]
    assert supported.alarms == ()


def test_attention_planted_on_words_that_do_not_matter_is_not_supported():
    trust = assess(*text(FALSE))
    assert trust.verdict.judgement == "not supported"
    assert trust.verdict.taken == pytest.approx(0, abs=1e-5)
    by_name = {curve.name: curve for curve in trust.curves}
    assert by_name["occlusion"].aopc_comprehensiveness > 0.25 > by_name["attention"].aopc_comprehensiveness


def test_an_attention_that_is_faithful_need_not_be_needed(supported):
    assert supported.needed.shuffled_mean < 1e-6 and supported.needed.found


def test_moments_that_matter_are_supported_by_both_removals():
    # The answer falls when these steps go silent; the mean spectrum, too, is lower than they are.
    checkpoint, explanation = clip(steps_slope(range(12, 20), 1.5e-3, 40))
    mute = assess(checkpoint, explanation, label=0)
    assert mute.verdict.judgement == "supported" and mute.verdict.taken > 0.3 and mute.removal == "mute"
    assert mute.random.baseline == "shifted" and mute.verdict.orders == 39
    assert "muting the same pattern moved to random places changes it by" in trust_wording.verdict(mute)
    scattered = assess(checkpoint, explanation, label=0, baseline="scattered")
    assert scattered.verdict.judgement == "supported" and scattered.verdict.orders == 30
    assert "muting a random 20 % changes it by" in trust_wording.verdict(scattered)
    mean = assess(checkpoint, explanation, label=0, removal="mean")
    assert mean.removal == "mean" and abs(mean.verdict.taken) < mute.verdict.taken


def test_the_thorough_set_has_every_witness_and_all_of_erasers_fractions():
    trust = assess(*text(TRUE), quick=False, removal="delete")
    names = ["gradient-input", "integrated-gradients", "occlusion", "smoothgrad"]
    assert [w.name for w in trust.witnesses] == [a.witness for a in trust.agreement] == names
    assert [c.name for c in trust.curves] == ["attention", *names]
    np.testing.assert_allclose(trust.random.fractions, [0, 0.01, 0.05, 0.1, 0.2, 0.5, 1])
    assert trust.random.orders == 100 and not trust.quick and trust.removal == "delete"
    assert trust.verdict.judgement == "supported"
    assert [a.spearman for a in trust.agreement] == [pytest.approx(1)] * 4


def test_figures_of_the_map(supported):
    (figures,) = supported.figures
    weights = supported.attention.scores.astype(float)
    entropy = -(weights * np.log(weights)).sum()
    assert figures.effective == pytest.approx(np.exp(entropy)) == pytest.approx(4.1, abs=0.2)
    assert figures.entropy == pytest.approx(entropy / np.log(20)) and figures.heads == figures.labels == ()


def test_the_same_seed_gives_the_same_result_and_another_one_other_orders(supported):
    same, other = assess(*text(TRUE)), assess(*text(TRUE), seed=1)

    def content(trust):
        return json.loads(dataclasses.replace(trust, milliseconds=0.0).to_json())

    assert content(same) == content(supported)
    assert not np.array_equal(other.random.taken, supported.random.taken)
    assert other.verdict.judgement == supported.verdict.judgement


def test_json_holds_everything_as_plain_values(supported):
    body = json.loads(supported.to_json())
    assert body["format"] == "earmark-trust" and set(body) > {f.name for f in dataclasses.fields(supported)}
    assert np.array_equal(np.array(body["attention"]["scores"], np.float32), supported.attention.scores)
    assert len(body["random"]["deletion"]["mean"]) == len(body["curves"][0]["fractions"]) == 4


def same(a, b):
    """Whether two results are equal, arrays by type and value."""
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("kind", ["linear", "none", "sealed", "two"])
def test_what_was_saved_reads_back_the_same(kind):
    trust = assess(*text("both zyx plain plain plain " * 4, kind))
    assert same(Trust.from_json(trust.to_json()), trust)


def test_thorough_tests_of_a_clip_read_back_the_same():
    trust = assess(*clip(steps_slope(range(12, 20), 1.5e-3, 40)), quick=False)
    assert len(trust.witnesses) == 4 and same(Trust.from_json(trust.to_json().encode()), trust)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda body: "{", "not JSON. Choose a file that Earmark saved with “Tests"),
        (lambda body: body | {"format": "earmark-explanation"}, "does not hold tests"),
        (lambda body: body | {"format_version": 9}, "format version 9"),
        (lambda body: {k: v for k, v in body.items() if k != "verdict"}, "damaged"),
        (lambda body: body | {"orders": 3, "attention": []}, "damaged"),
        (lambda body: body | {"label": "0"}, "damaged"),
        (lambda body: body | {"quick": None}, "damaged"),
    ],
)
def test_damaged_tests_are_refused_with_a_reason(supported, damage, sentence):
    made = damage(json.loads(supported.to_json()))
    with pytest.raises(InputError, match=sentence):
        Trust.from_json(made if isinstance(made, str) else json.dumps(made))


def test_a_network_without_attention_still_has_its_witnesses():
    trust = assess(*text(TRUE, "none"), quick=False)
    assert (trust.verdict.judgement, trust.verdict.reason, trust.map) == ("untestable", "no-attention", "")
    assert trust.attention is trust.needed is None and trust.agreement == trust.figures == ()
    assert len(trust.witnesses) == len(trust.curves) == 4
    for witness in trust.witnesses:
        assert set(np.argsort(-witness.scores)[:4]) == {0, 5, 10, 15}
    assert trust.curves[0].aopc_comprehensiveness > 0.3
    assert trust_wording.verdict(trust).startswith("This network has no attention to test.")


def test_weights_that_cannot_be_replaced_are_not_and_that_is_said():
    trust = assess(*text(TRUE, "sealed"))
    assert trust.needed is None and trust.verdict.judgement == "supported"
    assert "does not let its weights be replaced" in trust_wording.needed(trust)


def test_of_several_maps_the_one_asked_for_is_tested():
    checkpoint, explanation = text(FALSE, "two")
    first, second = assess(checkpoint, explanation), assess(checkpoint, explanation, map_name="second")
    assert (first.map, second.map) == ("toy", "second")
    assert (first.verdict.judgement, second.verdict.judgement) == ("not supported", "supported")
    assert [f.map for f in second.figures] == ["toy", "second"] and second.needed is None


def test_a_clip_of_too_few_steps_to_move_a_pattern_is_held_against_scattered_moments():
    asked = clip(steps_slope(range(6, 11), 4e-3, 20), seconds=0.8)
    trust = assess(*asked, label=0)
    assert trust.random.baseline == "scattered" and trust.verdict.reason == "" and trust.verdict.orders == 30
    moved = assess(*asked, label=0, baseline="shifted")
    assert (moved.verdict.judgement, moved.verdict.reason) == ("untestable", "short")
    # From 31 steps on there are 30 other places.
    assert [baselines_of("speech", steps)[0] for steps in (30, 31)] == ["scattered", "shifted"]
    assert baselines_of("text", 500) == ("scattered",)


def test_too_short_a_text_is_untestable():
    trust = assess(*text("both plain plain plain"))
    assert (trust.verdict.judgement, trust.verdict.reason) == ("untestable", "short")
    assert "too few words" in trust_wording.verdict(trust)


def test_an_improbable_label_is_untestable():
    checkpoint, explanation = text("both both both both good " * 1 + "plain " * 7, thresholds=[0.5, 0.5])
    trust = assess(checkpoint, explanation, label=1)
    assert (trust.verdict.judgement, trust.verdict.reason) == ("untestable", "improbable")
    assert "only" in trust_wording.verdict(trust)


def test_progress_rises_to_its_total_and_may_stop_the_work():
    seen = []
    assess(*text(TRUE), progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1]

    def stop(done, total):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        assess(*text(TRUE), progress=stop)


@pytest.mark.parametrize(
    "wrong",
    [{"removal": "mute"}, {"label": 2}, {"label": -1}, {"map_name": "none"}, {"baseline": "shifted"}],
)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError):
        assess(*text(TRUE), **wrong)


def test_the_verdict_in_words(supported):
    said = trust_wording.verdict(supported)
    assert said.startswith(
        "Masking the 20 % it attends to most changes the probability of yes by −0.80; masking a random 20 % changes it"
    )
    assert "(n = 30)" in said and "the probability is 0.90" in said and "tells something about the answer" in said
    against = trust_wording.verdict(assess(*text(FALSE)))
    assert "by 0.00; masking" in against and "nothing here says that the answer rests on" in against
    assert set(trust_wording.LOOKS) == set(JUDGEMENTS)
    assert "weights that differ from these by" in trust_wording.needed(supported)
