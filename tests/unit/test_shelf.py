"""What the server makes ready before anybody asks."""

import threading
import time

import keras
import pytest
from streamlit.runtime.scriptrunner import script_runner

from components.progress import Job
from models import checkpoints
from pages.common import shelf as shelves


@pytest.fixture
def warmed(tmp_path, monkeypatch):
    """A function from listings to the names of the checkpoints explained and of those tested, in order."""

    def warm(*entries):
        listed = [
            checkpoints.Listing(name, modality, name, tmp_path / name, group=group) for name, modality, group in entries
        ]
        listed.append(checkpoints.Listing("damaged", "unknown", "damaged", tmp_path / "damaged", "It is damaged."))
        monkeypatch.setattr(checkpoints, "available", lambda: listed)
        loaded = {entry.name: type("Loaded", (), {"name": entry.name, "modality": entry.modality}) for entry in listed}
        explained, tested = [], []
        monkeypatch.setattr(shelves, "explain", lambda checkpoint, *_, **__: explained.append(checkpoint.name))
        monkeypatch.setattr(shelves, "_test", lambda checkpoint, _: tested.append(checkpoint.name))
        shelves._warm(loaded)
        return explained, tested

    return warm


def test_the_default_checkpoints_run_once_and_the_first_of_each_kind_is_tested(warmed):
    explained, tested = warmed(
        ("a", "speech", "default"),
        ("b", "text", "default"),
        ("c", "text", "default"),
        ("compared", "speech", "compared"),
        ("mine", "text", "own"),
    )
    assert explained == ["a", "b", "c"] and tested == ["a", "b"]


def test_one_that_fails_does_not_keep_the_others_waiting(warmed, monkeypatch):
    real = shelves.samples_for
    monkeypatch.setattr(shelves, "samples_for", lambda m, f: 1 / 0 if m == "speech" else real(m, f))
    explained, tested = warmed(("a", "speech", "default"), ("b", "text", "default"))
    assert explained == tested == ["b"]


def test_a_page_that_ends_leaves_a_network_alone_that_another_thread_builds():
    checkpoints.keep_keras_state()
    with keras.name_scope("network"):
        script_runner._clean_problem_modules()  # what Streamlit does after every run of a page
        assert keras.Variable(0.0, name="kernel").path == "network/kernel"


def test_warming_up_gives_way_to_a_visitors_work(warmed):
    go_on, explained = threading.Event(), []
    job = Job(lambda progress: go_on.wait(30))
    warming = threading.Thread(target=lambda: explained.extend(warmed(("a", "speech", "default"))[0]))
    warming.start()
    time.sleep(1)
    assert warming.is_alive()
    go_on.set()
    warming.join(30)
    assert job.wait(30) and explained == ["a"]
