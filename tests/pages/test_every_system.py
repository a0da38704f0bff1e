"""The speech and text pages with a network of every architecture: with several maps, with one, with none."""

from __future__ import annotations

import numpy as np
import pytest

import models.trust
from models.explanation import Explanation
from models.registry import NAMES
from tests.unit import compared

# The architecture left out here has a larger shipped network with tests of its own.
SYSTEMS = [name for name in NAMES if name != "attentive-speech"]
SILENT = ("bilstm-last", "rcnn")  # networks without attention


@pytest.fixture(scope="session")
def every(tmp_path_factory):
    """A folder with a small untrained network of every architecture."""
    return compared.make(tmp_path_factory.mktemp("every"), names=SYSTEMS)


@pytest.fixture(autouse=True)
def here(every, monkeypatch, quick_tests_of_maps):
    """The real tests of maps, which must do without one, too."""
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(every))
    monkeypatch.setattr(models.trust, "assess", quick_tests_of_maps)


def shown(visitor, name):
    from models import checkpoints

    modality = next(entry.modality for entry in checkpoints.available() if entry.name == name)
    at = visitor.open(modality, checkpoint=name)
    assert not at.error, visitor.errors()
    return at, visitor.desk(modality).shown


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_network_of_every_architecture_is_explained_on_its_page(name, visitor):
    at, explanation = shown(visitor, name)
    assert explanation.provenance.checkpoint == name
    assert bool(explanation.attention) == (name not in SILENT)
    assert Explanation.from_json(explanation.to_json()).to_json() == explanation.to_json()
    words = " ".join(m.value for m in at.markdown)
    assert ("There is no attention to show" in words) == (name in SILENT)


def test_a_network_that_answers_at_every_step_shows_its_answers_over_time(visitor):
    at, explanation = shown(visitor, "bilstm-per-step")
    np.testing.assert_allclose(explanation.track.sum(axis=1), 1, atol=1e-5)
    words = " ".join(m.value for m in at.markdown)
    assert "The answer, moment by moment" in words and "one label on top" in words
    at, _ = shown(visitor, "bilstm-query")
    assert "The answer, moment by moment" not in " ".join(m.value for m in at.markdown)
