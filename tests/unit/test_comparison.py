"""Agreement between maps: against hand-computed figures and SciPy, and what must hold for any maps."""

import dataclasses
import json
import re

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from components import comparison_figures, comparison_tables, comparison_texts, comparison_wording
from models.checkpoints import Listing
from models.comparison import asks_for_label, common_axis, compare, divergence, fastest, first_pair, labels_of, resample
from models.errors import InputError
from models.explanation import AttentionMap, Explanation, Units
from tests.unit import explanations

shares = st.lists(st.floats(0, 1), min_size=1, max_size=30).filter(lambda values: sum(values) > 0.01)


def speech(weights, low=0.2, high=1.8, axes=("step",), **changes):
    """A clip's explanation with that map over even steps from `low` to `high` seconds; without a map if `None`."""
    maps = ()
    steps = 8
    if weights is not None:
        weights = np.asarray(weights, float)
        maps, steps = (AttentionMap("made", weights, axes, "Made by hand."),), weights.shape[-1]
    edges = np.linspace(low, high, steps + 1)
    return explanations.speech(units=Units("frame", edges[:-1], edges[1:]), attention=maps, **changes)


def text(weights, labels=("crude", "grain", "earn"), axes=("step",), **changes):
    made = explanations.text("oil and wheat rose again", labels)
    maps = () if weights is None else (AttentionMap("made", np.asarray(weights, float), axes),)
    return dataclasses.replace(made, attention=maps, **changes)


@pytest.mark.parametrize(
    ("others", "second"),
    [
        (
            [("goemotions", "emotions", "label-attention"), ("rcnn-1", "topics", "rcnn"), ("mha-1", "topics", "mha")],
            "mha-1",
        ),
        ([("goemotions", "emotions", "label-attention"), ("rcnn-1", "topics", "rcnn")], "goemotions"),
        ([], None),
    ],
)
def test_shown_first_are_two_for_the_same_inputs_whose_maps_say_something(others, second):
    found = [("reuters", "topics", "label-attention"), *others]
    entries = [Listing(n, "text", n, None, family=f, architecture=a) for n, f, a in found]
    assert first_pair(entries) == (("reuters", second) if second else ("reuters",))


def timed(forward, total=9.0):
    made = explanations.speech()
    milliseconds = {"forward": forward, "total": total}
    return dataclasses.replace(made, provenance=dataclasses.replace(made.provenance, milliseconds=milliseconds))


@pytest.mark.parametrize(("fewest", "seconds", "ran"), [(1, 0, 1), (2, 0, 2), (1, 60, 3)])
def test_the_fastest_of_at_least_so_many_runs_counts(fewest, seconds, ran):
    times = [5.0, 2.0, 3.0, 1.0]
    waiting = iter(times)
    found = fastest(lambda: timed(next(waiting)), fewest=fewest, seconds=seconds)
    assert found.provenance.milliseconds["forward"] == min(times[:ran])
    assert list(waiting) == times[ran:]


def test_sizes_of_networks_and_how_far_their_attention_is_spread():
    made = [dataclasses.replace(timed(2.5), attention=speech(w).attention, units=speech(w).units)
            for w in ([0.5, 0.5, 0, 0], None)]  # fmt: skip
    table = comparison_tables.sizes_table(compare(made), ["a", "b"], [10, 20])
    assert table[["network", "n", "forward", "total", "steps"]].values.tolist() == [
        ["a", 10, 2.5, 9.0, 4], ["b", 20, 2.5, 9.0, 8],
    ]  # fmt: skip
    assert table["even"][0] == pytest.approx(0.5) and table["even"].isna()[1]


def test_figures_computed_by_hand():
    a, b = [0.4, 0.3, 0.2, 0.05, 0.05], [0.2, 0.4, 0.3, 0.06, 0.04]
    (found,) = compare([text(a), text(b)]).agreements
    # Ranks 5 4 3 1.5 1.5 against 3 5 4 2 1, by Pearson: covariance 6.5 over sqrt(9.5 * 10).
    assert found.spearman == pytest.approx(6.5 / np.sqrt(95), abs=1e-6)
    assert found.overlap == 0  # the top fifth of five words is one word: oil here, and there
    assert compare([text(a), text(a)]).agreements[0].overlap == 1
    one, other = [0.5, 0.5, 0, 0, 0], [0, 0.5, 0.5, 0, 0]
    assert compare([text(one), text(other)]).agreements[0].divergence == pytest.approx(0.5)
    assert divergence([1, 0], [0, 1]) == 1
    assert divergence([1, 3], [2, 6]) == 0


@given(shares, st.randoms(use_true_random=False))
def test_divergence_is_that_of_scipys_entropies(values, random):
    a = np.array(values) / sum(values)
    b = np.array(random.sample(values, len(values))) + 0.01
    b /= b.sum()
    middle = (a + b) / 2
    expected = (scipy.stats.entropy(a, middle, base=2) + scipy.stats.entropy(b, middle, base=2)) / 2
    assert divergence(a, b) == pytest.approx(expected, abs=1e-7)
    assert divergence(a, b) == pytest.approx(divergence(b, a), abs=1e-12)
    assert 0 <= divergence(a, b) <= 1


def test_rank_correlation_is_scipys_for_steps_of_one_length():
    rng = np.random.default_rng(4)
    a, b = rng.dirichlet(np.ones(40), 2)
    (found,) = compare([speech(a), speech(b)]).agreements
    expected = scipy.stats.spearmanr(np.float32(a), np.float32(b)).statistic
    assert found.spearman == pytest.approx(expected, abs=1e-9)
    tops = [set(np.argsort(-x)[:8].tolist()) for x in (a, b)]
    assert found.overlap == len(tops[0] & tops[1]) / 8


@st.composite
def extents(draw):
    """Steps in order, some with gaps between them, as starts and ends."""
    lengths = draw(st.lists(st.floats(0.01, 2), min_size=1, max_size=25))
    gaps = draw(st.lists(st.sampled_from([0.0, 0.0, 0.3]), min_size=len(lengths), max_size=len(lengths)))
    starts = draw(st.floats(-1, 1)) + np.cumsum([0, *lengths[:-1]]) + np.cumsum(gaps)
    return starts, starts + np.array(lengths)


@given(extents(), extents(), st.randoms(use_true_random=False))
def test_resampling_makes_and_loses_no_weight(steps, cells, random):
    weights = np.array([random.random() for _ in steps[0]])
    moved = resample(weights, *steps, *cells)
    assert moved.shape == cells[0].shape and (moved >= -1e-12).all()
    assert moved.sum() == pytest.approx(weights.sum(), abs=1e-9)
    np.testing.assert_array_equal(resample(weights, *steps, *steps), weights)


@given(shares, st.integers(1, 5))
def test_cutting_each_step_into_equal_parts_shares_its_weight_and_joining_them_gives_it_back(values, parts):
    weights = np.array(values)
    coarse, fine = np.arange(len(values) + 1.0), np.arange(len(values) * parts + 1.0) / parts
    cut = resample(weights, coarse[:-1], coarse[1:], fine[:-1], fine[1:])
    np.testing.assert_allclose(cut, np.repeat(weights / parts, parts), atol=1e-12)
    joined = resample(cut, fine[:-1], fine[1:], coarse[:-1], coarse[1:])
    np.testing.assert_allclose(joined, weights, atol=1e-12)


def test_resampling_by_hand():
    # Steps of 0.4 s onto cells of 0.3 s: the second cell gets a quarter of the first step and half of the second.
    cells = np.array([0, 0.3, 0.6, 0.9])
    np.testing.assert_allclose(
        resample([0.6, 0.4], [0, 0.4], [0.4, 0.8], cells[:-1], cells[1:]), [0.45, 0.35, 0.2], atol=1e-12
    )
    # What lies before and after all cells goes to the first and the last.
    np.testing.assert_allclose(resample([0.5, 0.5], [0, 8], [1, 9], [3.0, 4.0], [4.0, 5.0]), [0.5, 0.5])


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 0.5), st.floats(0.7, 1.8))
def test_the_common_axis_is_the_finer_one_made_to_reach_as_far_as_both(one, other, low, high):
    rng = np.random.default_rng(one)
    first = speech(rng.dirichlet(np.ones(one)), low, high)
    second = speech(rng.dirichlet(np.ones(other)))
    found = compare([first, second])
    finest = max(first, second, key=lambda e: len(e.units)).units
    assert found.starts[0] <= min(low, 0.2) + 1e-9 and found.ends[-1] >= max(high, 1.8) - 1e-9
    np.testing.assert_allclose(found.starts[1:], found.ends[:-1], atol=1e-12)
    assert set(np.round(finest.starts, 9)) <= set(np.round(found.starts, 9))
    for row in found.rows:
        assert row.weights.shape == found.starts.shape
        assert row.weights.sum() == pytest.approx(1, abs=1e-6)


def test_the_same_map_in_shorter_steps_agrees_with_itself():
    weights = np.array([0.1, 0.5, 0.2, 0.15, 0.05])
    (found,) = compare([speech(weights), speech(np.repeat(weights / 3, 3))]).agreements
    assert found.spearman == pytest.approx(1)
    assert found.overlap == 1
    assert found.divergence == pytest.approx(0, abs=1e-9)


def test_texts_are_compared_by_characters():
    """Another tokenizer that takes the whole text for two tokens: their weight is shared out by letters."""
    words = text([0.2] * 5)
    halves = dataclasses.replace(
        words,
        units=Units("token", [0, 8], [7, 24], [True, True]),  # “oil and”, “wheat rose again”
        attention=(AttentionMap("made", np.array([0.6, 0.4]), ("step",)),),
    )
    found = compare([halves, words])
    np.testing.assert_array_equal(found.starts, words.units.starts)
    # “oil” ends at 3 and “and” starts at 4: the border is 3.5 of the 7 letters.
    np.testing.assert_allclose(found.rows[0].weights[:2], [0.3, 0.3], atol=1e-6)
    assert found.rows[0].weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("even", [[0.2] * 5, [0.2, 0.2, 0.2, 0.2 + 1e-7, 0.2 - 1e-7]], ids=["even", "but for rounding"])
def test_an_even_map_has_no_ranks_rather_than_nan(even):
    found = compare([text(even), text([0.5, 0.2, 0.1, 0.1, 0.1])])
    assert found.rows[0].even and not found.rows[1].even
    (pair,) = found.agreements
    assert pair.spearman is None and pair.overlap is None and 0 < pair.divergence < 1
    assert found.rows[0].effective == pytest.approx(5)
    assert "cannot be ranked" in comparison_wording.agreement(pair, ["A", "B"], "text")
    table = comparison_tables.agreement_table(found, ["A", "B"])
    assert table["spearman"].isna().all()


def test_an_even_map_stays_even_on_uneven_and_longer_axes():
    """Resampled onto an axis that reaches further it is no longer constant: still it has no ranks."""
    found = compare([speech(np.full(4, 0.25), 0.5, 1.0), speech(np.random.default_rng(0).dirichlet(np.ones(33)))])
    assert found.rows[0].even and np.ptp(found.rows[0].weights) > 0.01
    assert found.agreements[0].spearman is None


def test_a_single_step_is_even():
    found = compare([speech([1.0]), speech([0.2, 0.8])])
    assert found.rows[0].even and found.agreements[0].spearman is None
    assert "single moment" in " ".join(comparison_wording.remarks(found, ["A", "B"]))


def test_a_network_without_attention_is_left_out_of_agreement_and_said_so():
    found = compare([speech(None), speech([0.2, 0.8]), speech([0.9, 0.1])])
    assert found.rows[0].weights is None and found.rows[0].effective is None
    assert [(a.first, a.second) for a in found.agreements] == [(1, 2)]
    (remark,) = comparison_wording.remarks(found, ["A", "B", "C"])
    assert remark.startswith("“A” has no attention")
    assert "no attention to show" in comparison_wording.read_out(found, ["A", "B", "C"])[0]
    assert compare([speech(None), speech(None)]).agreements == ()
    figure = comparison_figures.maps(found, ["A", "B", "C"])
    assert any("nothing to draw" in a.text for a in figure.layout.annotations)
    json.loads(comparison_tables.to_json(found, ["A", "B", "C"]))


def test_all_zero_weights_are_no_map():
    assert compare([speech([0.0, 0.0]), speech([0.2, 0.8])]).agreements == ()


def test_heads_and_looking_steps_are_averaged():
    rng = np.random.default_rng(2)
    heads = rng.dirichlet(np.ones(6), (2, 6))
    found = compare([speech(heads, axes=("head", "query", "step")), speech(heads.mean(axis=(0, 1)))])
    np.testing.assert_allclose(found.rows[0].weights, found.rows[1].weights, atol=1e-6)


def test_rows_are_chosen_by_the_labels_name_and_a_network_that_lacks_it_shows_its_own_top_one():
    rows = np.array([[0.6, 0.1, 0.1, 0.1, 0.1], [0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1]])
    first = text(rows, axes=("label", "step"))
    second = text(rows[::-1][:2], ("grain", "joy"), ("label", "step"), probabilities=[0.2, 0.9], thresholds=[0.5, 0.5])
    assert asks_for_label([first, second]) and not asks_for_label([text(rows[0])])
    assert labels_of([first, second])[:2] == ["crude", "joy"]
    found = compare([first, second], "grain")
    assert [row.label for row in found.rows] == ["grain", "grain"] and all(row.asked for row in found.rows)
    np.testing.assert_allclose(found.rows[0].weights, rows[1], atol=1e-6)
    np.testing.assert_allclose(found.rows[1].weights, rows[2], atol=1e-6)
    found = compare([first, second])  # the first one's top label, which the second does not know
    assert found.label == "crude"
    assert (found.rows[1].label, found.rows[1].asked) == ("joy", False)
    np.testing.assert_allclose(found.rows[1].weights, rows[1], atol=1e-6)
    (remark,) = comparison_wording.remarks(found, ["A", "B"])
    assert remark == "“B” has no label crude; shown is its own most probable one, joy (0.90)."


def test_only_one_and_the_same_input_can_be_compared():
    a = speech([0.2, 0.8])
    other = dataclasses.replace(a, provenance=dataclasses.replace(a.provenance, input_hash="0" * 64))
    for bad in ([a, other], [a, dataclasses.replace(a, changed=((0.1, 0.2),))], [a, text([0.2] * 5)], []):
        with pytest.raises(InputError):
            compare(bad)


def test_tables_hold_what_the_pictures_show_and_json_is_complete():
    a, b = text([0.4, 0.3, 0.1, 0.1, 0.1]), text([0.2] * 5, ("grain", "joy"), probabilities=[0.3, 0.6], thresholds=None)
    found = compare([a, b])
    maps = comparison_tables.maps_table(found, ["A", "B"])
    assert maps["token"].tolist() == ["oil", "and", "wheat", "rose", "again"]
    np.testing.assert_allclose(maps["weight: A"], a.attention[0].weights, atol=1e-7)
    values = comparison_tables.probabilities_table((a, b), ["A", "B"]).set_index("label")
    assert values.index.tolist()[0] == "crude" and set(values.index) == {"crude", "grain", "earn", "joy"}
    assert values.loc["grain", "A"] == pytest.approx(0.5) and values.loc["grain", "B"] == pytest.approx(0.3)
    assert values["A"].isna().loc["joy"] and values["B"].isna().loc["crude"]
    body = json.loads(comparison_tables.to_json(found, ["A", "B"]))
    assert body["agreement"][0]["spearman"] is None
    assert Explanation.from_json(json.dumps(body["explanations"][0])).to_json() == a.to_json()
    assert list(comparison_tables.maps_table(found, ["T", "T"]).columns[-2:]) == ["weight: T (1)", "weight: T (2)"]


def test_the_figure_draws_each_networks_own_steps_over_one_axis():
    coarse, fine = np.array([0.1, 0.9]), np.full(16, 1 / 16)
    found = compare([speech(coarse), speech(fine)])
    figure = comparison_figures.maps(found, ["<b>A</b>", "B"])
    heat = [trace for trace in figure.data if trace.type == "heatmap"]
    assert [len(trace.z[0]) for trace in heat] == [2, 16]
    np.testing.assert_allclose(heat[0].z[0], [0.2 / 5, 1.8 / 5])  # absolute: full colour is 5 times the even share
    np.testing.assert_allclose(heat[1].z[0], 1 / 5)
    relative = [t for t in comparison_figures.maps(found, ["A", "B"], relative=True).data if t.type == "heatmap"]
    np.testing.assert_allclose(relative[1].z[0], 1 / 2)  # an even map does not light up
    assert {trace.coloraxis for trace in heat} == {"coloraxis"}
    assert figure.layout.xaxis.matches == figure.layout.xaxis2.matches == "x3"
    assert any("&lt;b&gt;A" in a.text for a in figure.layout.annotations)


def test_titles_keep_to_lines_that_fit_a_phone_and_have_room():
    found = compare([speech(np.full(8, 1 / 8)), speech(np.full(16, 1 / 16))])
    long = "A network of a name that goes on for longer than anybody would like"
    short, figure = (comparison_figures.maps(found, [name, "B"]) for name in ("A", long))
    titles = [a.text for a in figure.layout.annotations if "■" in a.text]
    lines = [re.sub("<.*?>", "", line) for title in titles for line in title.split("<br>")]
    assert max(map(len, lines)) <= 38 and "every step alike" in lines
    # Two maps under the sound, and the room above all three.
    assert figure.layout.height - short.layout.height == 3 * (figure.layout.margin.t - short.layout.margin.t) > 0
    assert figure.layout.margin.t >= 19 * max(title.count("<br>") + 1 for title in titles)


def test_a_long_map_is_thinned_without_losing_its_peak():
    weights = np.full(15_000, 1.0)
    weights[7_003] = 50
    found = compare([speech(weights / weights.sum()), speech([0.5, 0.5])])
    heat = next(t for t in comparison_figures.maps(found, ["A", "B"]).data if t.type == "heatmap")
    assert len(heat.z[0]) <= 2_000 and max(heat.z[0]) == 1


def test_bars_leave_out_the_labels_a_network_lacks():
    a, b = text(None), text(None, ("grain", "joy"), probabilities=[0.3, 0.6], thresholds=None)
    figure = comparison_figures.probabilities((a, b), ["A", "B"])
    first, second = figure.data[::-1]  # Plotly stacks them from below
    assert list(first.y) == ["crude", "grain", "earn"] and list(second.y) == ["joy", "grain"]
    np.testing.assert_allclose(second.x, [0.6, 0.3], atol=1e-6)


def test_the_texts_component_gets_offsets_and_weights_and_no_markup():
    found = compare([text([0.4, 0.3, 0.1, 0.1, 0.1]), text(None)])
    payload = comparison_texts.payload(found, ["A", "B"], relative=False)
    assert payload["text"] == "oil and wheat rose again" and payload["starts"] == [0, 4, 8, 14, 19]
    assert payload["columns"][1]["weights"] is None
    json.dumps(payload, allow_nan=False)
    assert "innerHTML" not in comparison_texts.script()
    assert comparison_texts.script().count("export default") == 1


def test_axes_of_nothing():
    units = Units("token", [], [], [])
    assert [len(a) for a in common_axis([units, units])] == [0, 0]


def test_a_nearly_even_map_is_said_to_be_nearly_even():
    found = compare([speech([0.2, 0.8]), speech([0.45, 0.55])])
    (remark,) = comparison_wording.remarks(found, ["A", "B"])
    assert remark.startswith("“B” looks nearly evenly at everything: at 2 of 2 moments’ worth.")
