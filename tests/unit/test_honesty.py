"""The tests of a map over a whole validation set, on networks whose truth is known, and what is kept of them."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from test_comparison_results import folder
from toys import clip, steps_slope, text

from benchmarks.honesty import table
from models import checkpoints, honesty
from models.__main__ import main
from models.datasets import MarkedItem, SpeechItem, TextItem
from models.errors import Cancelled, InputError
from models.honesty import FILE, Honesty, measure, shelved
from models.trust import JUDGEMENTS, assess
from models.validation import Inputs, drawn, inputs

TRUE = "both plain plain plain plain " * 4
FALSE = "shown plain good plain plain " * 4


def texts(*words):
    return Inputs([TextItem(text, (0,)) for text in words], "some texts", False)


@pytest.fixture(scope="module")
def true():
    return measure(text(TRUE)[0], texts(TRUE, TRUE + "plain", TRUE + "plain plain"), seed=3)


def test_a_linear_network_whose_attention_tells_the_truth(true):
    attention = true.evidence["attention"]
    assert attention.judgements == {"supported": 3, "partly": 0, "not supported": 0, "untestable": 0}
    assert attention.share("supported") == 1 and attention.testable == true.n == 3
    assert attention.taken.value > 0.2 and attention.kept.value > 0.2
    assert attention.taken.low <= attention.taken.value <= attention.taken.high
    assert attention.agreement is None and 0.5 < true.evidence["occlusion"].agreement.value < 1
    assert true.elsewhere is None and true.marks is None and true.alarms == {}


def test_attention_on_words_that_do_not_matter_while_occlusion_finds_those_that_do():
    found = measure(text(FALSE)[0], texts(FALSE, FALSE + "plain"))
    attention, occlusion = found.evidence["attention"], found.evidence["occlusion"]
    assert attention.judgements["not supported"] == 2 and attention.taken.value < 0 < occlusion.taken.value
    assert found.evidence["occlusion"].agreement.value < 0.2


def test_attention_that_the_answer_does_not_use_is_not_needed(true):
    assert true.shuffled.value == pytest.approx(0, abs=1e-6) and true.uniform.value == pytest.approx(0, abs=1e-6)
    assert true.uniform_keeps.value == true.found.value == 1
    pooled = measure(text(TRUE, "pooled")[0], texts(TRUE, TRUE + "plain"))
    assert pooled.shuffled.value > 0.2 and pooled.uniform_keeps.value == 0


def test_the_figures_are_those_of_the_page(true):
    trusts = [assess(*text(words), seed=3 + i) for i, words in enumerate((TRUE, TRUE + "plain", TRUE + "plain plain"))]
    taken = [t.curves[0].aopc_comprehensiveness - t.random.aopc_comprehensiveness.mean for t in trusts]
    kept = [t.random.aopc_sufficiency.mean - t.curves[0].aopc_sufficiency for t in trusts]
    attention = true.evidence["attention"]
    assert attention.taken.value == pytest.approx(np.mean(taken)) and attention.kept.value == pytest.approx(
        np.mean(kept)
    )
    assert true.entropy.value == pytest.approx(np.mean([t.figures[0].entropy for t in trusts]))
    assert true.evidence["occlusion"].agreement.value == pytest.approx(
        np.mean([t.agreement[0].spearman for t in trusts])
    )


def test_a_network_without_attention_has_witnesses_and_no_figures_of_attention():
    found = measure(text(TRUE, "none")[0], texts(TRUE, TRUE + "plain"), quick=False, orders=30)
    assert found.map == "" and list(found.evidence) == [
        "gradient-input", "integrated-gradients", "occlusion", "smoothgrad",
    ]  # fmt: skip
    assert all(e.judgements["supported"] == 2 and e.agreement is None for e in found.evidence.values())
    for name in ("elsewhere", "shuffled", "uniform", "uniform_keeps", "found", "entropy", "marks"):
        assert getattr(found, name) is None


def test_weights_that_cannot_be_replaced_leave_need_unknown():
    found = measure(text(TRUE, "sealed")[0], texts(TRUE))
    assert found.shuffled is None and found.uniform_keeps is None and found.entropy is not None


def test_a_clip_is_held_against_scattered_steps_and_against_its_pattern_elsewhere(tmp_path):
    checkpoint, explanation = clip(steps_slope(range(12, 20), 5e-4, 40), mean=-20)
    (tmp_path / "a.flac").write_bytes(explanation.sound)
    items = Inputs([SpeechItem(tmp_path / "a.flac", 0, 1)], "one clip", None)
    found = measure(checkpoint, items)
    page = assess(checkpoint, explanation)
    assert (
        page.verdict.judgement == "supported"
        and page.random.baseline == "shifted"
        and found.elsewhere.judgements[page.verdict.judgement] == 1
    )
    gained = page.curves[0].aopc_comprehensiveness - page.random.aopc_comprehensiveness.mean
    assert found.elsewhere.taken.value == pytest.approx(gained) and found.elsewhere.taken.value > 0.2
    assert found.evidence["attention"].taken.value > 0.2


def test_marks_of_people():
    words = ("both plain plain plain plain " * 4).split()
    starts = np.cumsum([0] + [len(word) + 1 for word in words[:-1]])
    ends = starts + [len(word) for word in words]

    def review(marked):
        marks = np.array([word == marked for word in words])
        passages = tuple((i, i + 1) for i in np.flatnonzero(marks).tolist())
        return MarkedItem(" ".join(words), (0,), "r", starts, ends, marks, passages)

    found = measure(text(TRUE)[0], Inputs([review("both"), review("both")], "reviews", False))
    assert found.marks.value == pytest.approx(1) and found.marks.n == 2
    assert 0.1 < found.marks_by_chance.value < 0.6
    unmarked = measure(text(TRUE)[0], Inputs([review("nothing")], "reviews", False))
    assert unmarked.marks is None


def test_what_cannot_be_read_is_counted_and_nothing_but_that_is_refused():
    found = measure(text(TRUE)[0], texts(TRUE, " "))
    assert (found.of, found.n, found.skipped) == (2, 1, 1)
    with pytest.raises(InputError, match="Not one input could be tested"):
        measure(text(TRUE)[0], texts(" "))


def test_too_few_words_cannot_be_judged_and_have_no_share():
    found = measure(text(TRUE)[0], texts("both plain plain"))
    attention = found.evidence["attention"]
    assert attention.judgements["untestable"] == 1 and attention.share("supported") is None


def test_an_even_map_orders_nothing():
    found = measure(text("plain good plain plain plain " * 4)[0], texts("plain good plain plain plain " * 4))
    attention = found.evidence["attention"]
    assert attention.taken is attention.kept is attention.agreement is None
    assert attention.judgements["untestable"] == 1 and found.alarms == {"uniform": 1}
    assert found.evidence["occlusion"].taken.value > 0 and found.entropy.value == pytest.approx(1)
    assert Honesty.from_json(found.to_json()) == found


def test_a_seeded_draw():
    assert drawn(100, 10, 1) == drawn(100, 10, 1) == sorted(drawn(100, 10, 1)) != drawn(100, 10, 2)
    assert set(drawn(100, 10, 1)) < set(drawn(100, 30, 1)) and drawn(5, None, 1) == [0, 1, 2, 3, 4]
    assert drawn(5, 10, 1) == [0, 1, 2, 3, 4]


def test_the_interval_covers_the_mean_of_many_draws_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = [m.low <= 1 <= m.high for m in (honesty._mean(rng.exponential(size=60), seed) for seed in range(300))]
    assert 0.89 <= np.mean(hits) <= 0.98
    assert honesty._mean([math.nan, 2.0, math.nan], 0) == honesty.Mean(2, 2, 2, 1)
    assert honesty._mean([math.nan], 0) is None


def test_progress_and_cancelling():
    told = []
    measure(text(TRUE)[0], texts(TRUE, " "), progress=lambda *at: told.append(at))
    assert told == [(1, 2), (2, 2)]

    def stop(done, total):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        measure(text(TRUE)[0], texts(TRUE), progress=stop)


def test_json_comes_back_and_damage_is_refused(true):
    assert Honesty.from_json(true.to_json()) == true
    body = json.loads(true.to_json())
    del body["evidence"]["attention"]["judgements"]["partly"]
    for bad in ("x", "[]", "{}", json.dumps(body | {"evidence": {}}), json.dumps(body), json.dumps({**body, "n": "3"})):
        with pytest.raises(InputError, match="Measure the checkpoint again"):
            Honesty.from_json(bad)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(tmp_path))
    return tmp_path


def keep(path, found, **changes):
    found = dataclasses.replace(found, checkpoint_hash=checkpoints.hash_of(path), modality="text", **changes)
    (path / FILE).write_text(found.to_json(), encoding="utf-8")


def test_what_folders_hold_the_most_honest_first_and_what_has_changed_since(root, true):
    said = dict.fromkeys(JUDGEMENTS, 0)
    attention = true.evidence["attention"]
    poor = {"attention": dataclasses.replace(attention, judgements=said | {"not supported": 3})}
    for name, changes in (("poor", {"evidence": poor}), ("true", {}), ("none", {"map": ""})):
        keep(folder(root, name, modality="text"), true, **changes)
    (folder(root, "damaged", modality="text") / FILE).write_text("{}")
    folder(root, "unmeasured", modality="text")
    assert [(row.entry.name, row.stale) for row in shelved("text")] == [("true", 0), ("poor", 0), ("none", 0)]
    assert shelved("speech") == []
    config = root / "true" / "config.json"
    config.write_text(config.read_text() + "\n")
    assert [row.stale for row in shelved("text")] == [True, False, False]


def stories(path, count):
    body = [{"id": i, "title": f"T{i}", "text": "Wheat prices rose.", "topics": ["wheat"]} for i in range(count)]
    for name in ("train", "test"):
        (path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, body)), encoding="utf-8")
    (path / "labels.txt").write_text("wheat\ncorn\n")
    return path


def test_reuters_is_judged_on_the_tenth_that_training_holds_out(tmp_path):
    found = inputs(checkpoints.load("reuters"), stories(tmp_path, 20))
    order = np.random.default_rng(0).permutation(20)
    assert [item.text.split("\n")[0] for item in found.items] == [f"T{i}" for i in order[:2]]
    assert found.seen is False and "Reuters-21578" in found.what
    assert inputs(checkpoints.load("reuters"), tmp_path, "train").seen is True


def test_clips_are_those_of_actors_1_to_4_and_whoever_learned_from_them_is_named(tmp_path):
    for actor in (1, 4, 5):
        (tmp_path / f"03-01-01-01-01-01-{actor:02}.wav").touch()
    shipped = checkpoints.load("ravdess")
    found = inputs(shipped, tmp_path)
    assert [item.speaker for item in found.items] == [1, 4] and found.seen is True

    class Said:
        modality, name, labels = "speech", "x", shipped.labels

    for card, seen in (
        ("One fixed split: trained on actors 5, 6, 7, scored on actors 1, 2.", False),
        ("trained on actors 3, 4", True),
        ("", None),
    ):
        Said.card = card
        assert inputs(Said, tmp_path).seen is seen
    (tmp_path / "03-01-01-01-01-01-01.wav").unlink()
    (tmp_path / "03-01-01-01-01-01-04.wav").unlink()
    with pytest.raises(InputError, match="no clips of actors 1 to 4"):
        inputs(shipped, tmp_path)


@pytest.mark.parametrize(
    ("name", "split", "says"),
    [
        ("reuters", "test", "kept for final figures"),
        ("reuters", "val", "no “val”"),
        ("goemotions", None, "knows none of the labels"),
        ("ravdess", "train", "no --split"),
    ],
)
def test_what_is_no_validation_set_is_refused(tmp_path, name, split, says):
    with pytest.raises(InputError, match=says):
        inputs(checkpoints.load(name), stories(tmp_path, 20), split)


def test_the_command_prints_keeps_and_says_how_far_it_is(tmp_path, capsys):
    out = tmp_path / "kept.json"
    command = ["honesty", "--checkpoint", "reuters", "--data", str(stories(tmp_path, 40)), "--limit", "3"]
    assert main([*command, "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert "3 of 4 inputs; it did not learn from them" in printed.out and "occlusion\t" in printed.out
    assert printed.err.splitlines()[-1] == "tested: 3 of 3"
    kept = Honesty.from_json(out.read_text())
    assert (kept.n, kept.of, kept.seed, kept.quick) == (3, 4, 0, True)
    assert [path.name for path in tmp_path.glob("kept*")] == ["kept.json"]
    assert main([*command, "--format", "json", "--seed", "1"]) == 0
    assert Honesty.from_json(capsys.readouterr().out).seed == 1
    assert main([*command, "--out", str(tmp_path / "no" / "x.json")]) == 1
    assert "no folder" in capsys.readouterr().err


def test_the_command_stops_when_interrupted_and_leaves_no_file(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(honesty, "measure", interrupted)
    out = tmp_path / "kept.json"
    assert main(["honesty", "--checkpoint", "reuters", "--data", str(stories(tmp_path, 20)), "--out", str(out)]) == 130
    assert not out.exists()


@pytest.mark.parametrize("modality", ["speech", "text"])
def test_the_tables_in_readme_are_those_the_command_prints(modality):
    assert table(modality) in (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
