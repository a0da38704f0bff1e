"""The Compare page through app.py: several networks on one input, of every kind, and what cannot be compared."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from tests.unit import compared


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A folder of small untrained networks of every kind."""
    return compared.make(tmp_path_factory.mktemp("compared"))


@pytest.fixture(autouse=True)
def here(small, monkeypatch):
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(small))


@pytest.fixture
def visitor(visitor):
    """Straight to the page: the speech page, which comes first, has tests of its own."""
    visitor.at.switch_page("pages/compare.py")
    visitor.at.default_timeout = 600  # four networks build their graphs, on a busy computer
    return visitor


def go(visitor, **query):
    visitor.at.query_params.clear()
    visitor.at.query_params.update(query)
    return visitor.run()


def compare(visitor, of, *names, sample=None, **more):
    sample = sample or {"speech": "flat.flac", "text": "wheat_exports.txt"}[of]
    return go(visitor, of=of, checkpoint=list(names), sample=sample, **more)


def table(visitor, of="speech"):
    return visitor.at.session_state[f"compare-{of}"]


def explanations(visitor, of="speech"):
    return [answer.explanation for answer in table(visitor, of).shown]


def words(at):
    return " ".join(m.value for m in (*at.markdown, *at.info, *at.caption)).replace("\\", "")


def frame(at, *columns):
    """The one table with these columns."""
    (found,) = [d.value for d in at.dataframe if set(columns) <= set(d.value.columns)]
    return found


def test_the_first_view_compares_two_networks_whose_maps_say_something(visitor):
    at = go(visitor)
    assert table(visitor).request.names == ("bilstm-query", "bilstm-hops")
    assert not at.error
    assert at.query_params["checkpoint"] == ["bilstm-query", "bilstm-hops"]
    found = frame(at, "spearman", "divergence")
    assert len(found) == 1 and -1 <= found["spearman"][0] <= 1 and 0 <= found["divergence"][0] <= 1


def test_four_speech_networks_with_steps_of_two_lengths_one_of_them_without_attention(visitor):
    at = compare(visitor, "speech", "bilstm-query", "bilstm-hops", "bilstm-last", "bilstm-mean")
    shown = explanations(visitor)
    assert len({e.provenance.input_hash for e in shown}) == 1
    steps = [len(e.units) for e in shown]
    assert steps[0] < steps[1] == steps[2] == steps[3]
    assert len(frame(at, "spearman")) == 3  # bilstm-last has no map to agree with
    assert "“Small bilstm-last” has no attention: nothing to draw" in words(at)
    facts = frame(at, "network", "forward")
    assert facts["n"].tolist() == [a.parameters for a in table(visitor).shown]
    assert (facts["forward"] > 0).all() and facts["even"].isna().tolist() == [False, False, True, False]


def test_even_maps_and_networks_with_other_labels(visitor):
    at = compare(visitor, "text", "rcnn-attention", "label-attention", "rcnn-one-step", "rcnn", label="q")
    said = words(at)
    assert "“Small rcnn-one-step” gives every word the same weight. This attention sees a single step" in said
    assert "“Small rcnn” has no attention" in said
    assert "know different labels" in said
    found = frame(at, "spearman")
    assert found["spearman"].isna().tolist() == [False, True, True] and found["divergence"].notna().all()
    values = frame(at, "label").set_index("label")
    assert set(values.index) == {"x", "y", "z", "q"}
    assert values.loc["q"].isna().tolist() == [True, False, True, True]
    assert at.selectbox("compare-text-label").value == "q"


def test_a_label_that_one_network_lacks_shows_its_own_top_label(visitor):
    at = compare(visitor, "text", "label-attention", "rcnn-attention")
    at.selectbox("compare-text-label").set_value("z")
    at = visitor.run()
    top = explanations(visitor, "text")[0]
    name = top.labels[int(top.ranking()[0])]
    assert f"“Small label-attention” has no label z; shown is its own most probable one, {name}" in words(at)
    assert at.query_params["label"] == "z"


def test_a_link_restores_networks_input_label_and_scale(visitor):
    at = compare(
        visitor, "text", "label-attention", "mha-residual", sample="crude_oil.txt", label="x", scale="relative"
    )
    assert [e.provenance.checkpoint for e in explanations(visitor, "text")] == ["label-attention", "mha-residual"]
    assert explanations(visitor, "text")[0].provenance.input_name == "crude_oil.txt"
    assert at.segmented_control("compare-of").value == "text"
    assert at.segmented_control("compare-text-scale").value == "relative"
    assert at.multiselect("compare-text-names").value == ["label-attention", "mha-residual"]
    query = {"of": "text", "checkpoint": ["label-attention", "mha-residual"], "sample": "crude_oil.txt"}
    assert at.query_params == query | {"label": "x", "scale": "relative"}


def test_adding_a_network_keeps_the_input_and_the_earlier_answers(visitor):
    at = compare(visitor, "speech", "bilstm-query", "bilstm-hops")
    earlier = table(visitor).shown
    at.multiselect("compare-speech-names").set_value(["bilstm-query", "bilstm-hops", "bilstm-per-step"])
    at = visitor.run()
    assert table(visitor).shown[:2] == earlier and len(table(visitor).shown) == 3
    assert len(frame(at, "spearman")) == 3
    assert explanations(visitor)[2].track is not None


def test_one_network_alone_is_shown_and_none_is_refused(visitor):
    at = compare(visitor, "speech", "bilstm-query")
    assert "one network alone" in words(at) and "takes two maps" in words(at)
    at.multiselect("compare-speech-names").set_value([])
    at = visitor.run()
    (message,) = visitor.errors()
    assert message.replace("\\", "").startswith("Choose at least one network.")
    assert len(table(visitor).shown) == 1


def test_another_input_and_another_modality_and_back(visitor):
    at = compare(visitor, "speech", "bilstm-query", "bilstm-hops")
    at.pills("speech-sample").set_value("fast_and_high.flac")
    at = visitor.run()
    assert explanations(visitor)[1].provenance.input_name == "fast_and_high.flac"
    at.segmented_control("compare-of").set_value("text")
    at = visitor.run()
    assert at.query_params["of"] == "text" and len(explanations(visitor, "text")) == 2 and not at.error
    at.segmented_control("compare-of").set_value("speech")
    at = visitor.run()
    assert not at.error and at.query_params["sample"] == "fast_and_high.flac"
    assert explanations(visitor)[1].provenance.input_name == "fast_and_high.flac"


def test_the_visitors_own_text_through_both(visitor):
    at = compare(visitor, "text", "rcnn-attention", "mha-residual")
    at.segmented_control("compare-text-source").set_value("typed")
    at = visitor.run()
    at.text_area("compare-text-typed").set_value("<b>Wheat</b> rose 😀 today")
    next(b for b in at.button if b.label == "Compare").click()
    at = visitor.run()
    assert [e.text for e in explanations(visitor, "text")] == ["<b>Wheat</b> rose 😀 today"] * 2
    assert "sample" not in at.query_params and not at.error


def test_bad_input_gets_one_sentence_and_the_earlier_comparison_stays(visitor):
    at = compare(visitor, "speech", "bilstm-query", "bilstm-hops")
    earlier = table(visitor).shown
    at.segmented_control("compare-speech-source").set_value("file")
    visitor.run()
    visitor.upload("compare-speech-file", "clip.wav", b"no sound at all")
    (message,) = visitor.errors()
    assert "Traceback" not in message and message.count("cannot") + message.count("not ") >= 1 and len(message) < 400
    assert table(visitor).shown == earlier


def test_an_uploaded_clip(visitor):
    at = compare(visitor, "speech", "bilstm-query", "bilstm-mean")
    at.segmented_control("compare-speech-source").set_value("file")
    visitor.run()
    buffer = io.BytesIO()
    soundfile.write(buffer, np.random.default_rng(0).normal(0, 0.1, 12_000), 16_000, format="WAV")
    at = visitor.upload("compare-speech-file", "noise.wav", buffer.getvalue())
    assert [e.provenance.input_name for e in explanations(visitor)] == ["noise.wav"] * 2
    # Shorter than these networks' window: the mean is even.
    found = frame(at, "spearman")
    assert found["spearman"].isna().all() and "cannot be ranked" in words(at)


def test_what_one_network_refuses_the_others_still_answer(visitor):
    at = compare(visitor, "text", "rcnn-attention", "mha-residual", "rcnn-one-step")
    at.segmented_control("compare-text-source").set_value("typed")
    at = visitor.run()
    at.text_area("compare-text-typed").set_value("wheat " * 3_001)
    next(b for b in at.button if b.label == "Compare").click()
    visitor.run()
    (message,) = visitor.errors()
    assert "3,001 words and signs" in message.replace("\\", "")
    assert [e.provenance.checkpoint for e in explanations(visitor, "text")] == ["rcnn-attention", "rcnn-one-step"]


def test_a_link_without_its_modality_goes_by_the_networks_it_names(visitor):
    go(visitor, checkpoint=["no-such", "rcnn-attention", "rcnn-one-step"], sample="wheat_exports.txt")
    assert visitor.at.session_state["compare-of"] == "text"
    assert [e.provenance.checkpoint for e in explanations(visitor, "text")] == ["rcnn-attention", "rcnn-one-step"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"checkpoint": ["no-such", "bilstm-query"]}, "“no-such”, which is not here"),
        ({"checkpoint": ["bilstm-query"], "sample": ["no-such.flac"]}, "no-such.flac"),
        ({"checkpoint": [*compared.SPEECH_NAMES]}, "more than four"),
        ({"corpus": ["no-such"], "item": ["x"]}, "no-such"),
    ],
    ids=str,
)
def test_a_link_to_what_is_not_here_gets_a_sentence_and_still_compares(visitor, query, says):
    go(visitor, of="speech", **query)
    (message,) = visitor.errors()
    assert says in message.replace("\\", "")
    assert table(visitor).shown


def test_the_results_of_all_networks_with_their_spread(visitor):
    at = compare(visitor, "speech", "bilstm-query", "bilstm-hops")
    found = frame(at, "checkpoint", "UAR").set_index("checkpoint")
    assert found.index.tolist() == ["bilstm-query", "bilstm-hops", "bilstm-mean", "bilstm-last"]
    assert found.loc["bilstm-query", "UAR"] == pytest.approx(0.52)
    assert found.loc["bilstm-query", "spread of UAR"] == pytest.approx(0.02)
    assert found.loc["bilstm-hops", "against the highest"] == "no difference from “Small bilstm-query”"
    assert found.loc["bilstm-last", "against the highest"] == "lower than “Small bilstm-query”"
    assert np.isnan(found["spread of UAR"].astype(float)["bilstm-mean"])
    assert "smaller than the spreads of both networks together counts as none" in words(at)
    at.selectbox("compare-second-speech").set_value(("bilstm-last", "held out", "seeds"))
    at = visitor.run()
    assert "“Small bilstm-last”" in words(at) and "the first is higher, by more than both spreads together" in words(at)


def test_the_maps_as_a_table(visitor):
    at = compare(visitor, "speech", "bilstm-query", "bilstm-hops")
    at.toggle("compare-maps-table").set_value(True)
    found = frame(visitor.run(), "start_s")
    for name in ("weight: Small bilstm-query", "weight: Small bilstm-hops"):
        assert found[name].sum() == pytest.approx(1, abs=1e-6)
