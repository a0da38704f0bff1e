"""The page of the networks: cards, curves and films of the shipped ones, and damaged ones with their reason."""

from __future__ import annotations

import json
import shutil

import keras
import pytest

from models import checkpoints


@pytest.fixture
def own_root(tmp_path, monkeypatch):
    """A folder of checkpoints with one good and several bad ones."""
    shutil.copytree(checkpoints.root() / "ravdess", tmp_path / "good")
    shutil.copytree(checkpoints.root() / "ravdess", tmp_path / "cut")
    weights = tmp_path / "cut" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "foreign" / "weights.safetensors").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(tmp_path))
    return tmp_path


def test_a_shipped_checkpoint_is_described_and_only_it(visitor):
    at = visitor.open("checkpoints")
    assert not at.error
    box = at.selectbox("checkpoint-chosen")
    listed = checkpoints.available()
    assert len(box.options) == len(listed)
    for name in (listed[0].name, next(entry.name for entry in listed if entry.modality == "text")):
        at.selectbox("checkpoint-chosen").select(name)
        visitor.run()
        assert at.query_params["checkpoint"] == name
        text = "\n".join(m.value for m in at.markdown)
        checkpoint = checkpoints.load(name)
        assert checkpoint.hash[:16] in text and checkpoint.labels[0] in text
        assert checkpoint.card and checkpoint.history and checkpoint.epoch_maps()
        assert len(at.get("plotly_chart")) == 2


def test_the_film_says_what_it_averages_over(visitor):
    at = visitor.open("checkpoints", checkpoint="ravdess")
    assert "The curve is the average of 3 heads." in [caption.value for caption in at.caption]
    at = visitor.open("checkpoints", checkpoint="ravdess-scratch")
    assert not any("The curve is" in caption.value for caption in at.caption)


def test_every_shipped_checkpoint_has_its_card(visitor):
    for entry in checkpoints.available():
        assert entry.problem is None and (entry.path / "card.md").is_file(), entry


def test_a_link_opens_a_checkpoint_and_an_unknown_one_is_said(visitor):
    name = checkpoints.available("text")[-1].name
    at = visitor.open("checkpoints", checkpoint=name)
    assert at.selectbox("checkpoint-chosen").value == name and not at.error
    at = visitor.open("checkpoints", checkpoint="<b>nope")
    assert "nope" in visitor.errors()[0]


def test_groups_are_told_apart_in_the_box(visitor, own_root):
    for name, order in (("a_compared", 40), ("b_unnumbered", None)):
        shutil.copytree(own_root / "good", own_root / name)
        file = own_root / name / "config.json"
        config = json.loads(file.read_text()) | {"order": order, "title": name}
        file.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))
    at = visitor.open("checkpoints")
    options = at.selectbox("checkpoint-chosen").options
    assert options[2:] == ["Compared systems · a_compared", "Yours · b_unnumbered"]
    assert not any(" · " in option for option in options[:2])


@pytest.fixture
def brought(tmp_path, monkeypatch):
    """A folder with two models of somebody else's: a good one for text, and one that holds a program."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(5, 4, mask_zero=True)(inputs)
    mixed = keras.layers.MultiHeadAttention(2, 3, name="heads")(embedded, embedded)
    output = keras.layers.Dense(2, "softmax")(keras.layers.GlobalAveragePooling1D()(mixed))
    config = {"title": "Mine <b>", "modality": "text", "task": "single-label", "labels": ["no", "yes"]}
    doubled = keras.layers.Lambda(lambda x: x * 2, name="twice")(embedded)
    bad = keras.layers.Dense(2, "softmax")(keras.layers.GlobalAveragePooling1D()(doubled))
    for name, model in (("mine", keras.Model(inputs, output)), ("program", keras.Model(inputs, bad))):
        model.save(tmp_path / f"{name}.keras")
        (tmp_path / f"{name}.json").write_text(json.dumps(config))
        (tmp_path / f"{name}.vocabulary.txt").write_text("wheat\nprices\nrose\n")
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(tmp_path))
    return tmp_path


def test_a_keras_model_of_ones_own_is_described_without_history_and_card(visitor, brought):
    at = visitor.open("checkpoints")
    (problem,) = visitor.errors()
    assert "program" in problem and "Lambda" in problem
    text = "\n".join(m.value for m in at.markdown)
    assert "MultiHeadAttention" in text and "every word looks at all words" in text
    assert at.selectbox("checkpoint-chosen").options == ["Yours · Mine <b>"]
    assert not at.get("plotly_chart")


def test_a_keras_model_of_ones_own_explains_a_text(visitor, brought):
    at = visitor.open("text", checkpoint="mine")
    shown = visitor.desk("text").shown
    assert not at.error and shown.provenance.checkpoint == "mine"
    assert shown.attention[0].axes == ("head", "query", "step") and shown.labels == ("no", "yes")
    visitor.desk("text").ask("mine", visitor.desk("text").request.input, (0, 1))
    visitor.run()
    assert visitor.desk("text").shown.changed == ((0, 1), (1, 2))


def test_damaged_and_foreign_folders_are_listed_with_their_reason(visitor, own_root):
    visitor.open("checkpoints")
    said = " ".join(visitor.errors()).replace("\\", "")
    assert "“cut” is damaged" in said
    assert "“foreign” is not an Earmark checkpoint" in said
    assert "“empty” cannot be used" in said
    assert "“good”" not in said


def test_a_checkpoint_put_into_the_folder_is_there_at_once(visitor, own_root):
    at = visitor.open("speech", checkpoint="good", sample="flat.flac")
    assert visitor.desk("speech").shown.provenance.checkpoint == "good"
    shutil.copytree(own_root / "good", own_root / "new")
    at = visitor.run()
    at.selectbox("speech-checkpoint").select("new")
    visitor.run()
    assert visitor.desk("speech").shown.provenance.checkpoint == "new"


def test_a_checkpoint_damaged_after_start_gets_a_sentence(visitor, own_root):
    at = visitor.open("speech", checkpoint="good", sample="flat.flac")
    earlier = visitor.desk("speech").shown
    at.selectbox("speech-checkpoint").select("cut")
    visitor.run()
    (message,) = visitor.errors()
    assert "damaged" in message
    assert visitor.desk("speech").shown is earlier


@pytest.mark.parametrize("page", ["speech", "text", "checkpoints", "saved"])
def test_without_any_checkpoint_every_page_says_what_to_do(visitor, tmp_path, monkeypatch, page):
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(tmp_path))
    visitor.open(page)
    if page in ("speech", "text"):
        assert "no checkpoint" in visitor.errors()[0]
