"""The page of the networks: cards, curves and films of the shipped ones, and damaged ones with their reason."""

from __future__ import annotations

import shutil

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


def test_every_shipped_checkpoint_is_described(visitor):
    at = visitor.open("checkpoints")
    assert not at.error
    text = "\n".join(m.value for m in at.markdown)
    for entry in checkpoints.available():
        checkpoint = checkpoints.load(entry.name)
        assert checkpoint.hash[:16] in text
        assert checkpoint.card and checkpoint.history and checkpoint.epoch_maps()
        assert checkpoint.labels[0] in text
    charts = [e for e in at.main if e.type == "plotly_chart"]
    assert len(at.get("plotly_chart")) == 2 * len(checkpoints.available()), charts


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
