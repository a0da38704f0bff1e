"""Loaded checkpoints, kept ready for every visitor of this server."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict

import streamlit as st

from components.progress import give_way
from components.samples import samples_for
from models import checkpoints
from models.errors import EarmarkError
from models.explanation import Explanation
from models.receptive import ReceptiveField, receptive_field

_LOG = logging.getLogger("earmark")


class Shelf:
    """Loads each checkpoint once, and again when its files change."""

    def __init__(self):
        self._loaded = {}
        self._locks = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def get(self, name: str) -> checkpoints.Checkpoint:
        """The checkpoint of that name; waits while another visitor's request is loading it.

        Raises:
            CheckpointError: see `models.checkpoints.load`.
        """
        with self._guard:
            lock = self._locks[name]
        with lock:
            stamp = _stamp(name)
            if name not in self._loaded or self._loaded[name][0] != stamp:
                checkpoints.keep_keras_state()
                self._loaded[name] = (stamp, checkpoints.load(name))
            return self._loaded[name][1]

    def ready(self, name: str) -> bool:
        """Whether `get` would answer at once."""
        return name in self._loaded and not self._locks[name].locked()


def _stamp(name):
    files = [(file.name, file.stat()) for file in checkpoints.files(name)]
    return str(checkpoints.root() / name), tuple((file, stat.st_mtime_ns, stat.st_size) for file, stat in files)


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """The one shelf of this server."""
    return Shelf()


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Start, once a server, to load the default checkpoints and to run each once, behind the first visitor's page.

    A visitor's own work goes first: between two steps this waits until there is none.
    """
    thread = threading.Thread(target=_warm, args=(shelf(),), daemon=True, name="earmark-warm-up")
    thread.start()
    return thread


def _warm(shelf: Shelf):
    first = {}
    for entry in checkpoints.available():
        if entry.problem is not None or entry.group != "default":
            # What a visitor does not see first loads when it is asked for.
            continue
        try:
            give_way()
            checkpoint = shelf.get(entry.name)
            give_way()
            # The first run of a network builds its graph, which takes longer than the run itself.
            for sample in samples_for(checkpoint.modality, entry.family)[:1]:
                explanation = explain(checkpoint, sample.read(), name=sample.name)
                first.setdefault(checkpoint.modality, (checkpoint, explanation))
        except EarmarkError as error:
            _LOG.warning("Warm-up: %s", error)
        except Exception:
            _LOG.exception("Warm-up of checkpoint %s failed", entry.name)
    for checkpoint, explanation in first.values():
        give_way()
        try:
            _test(checkpoint, explanation)
        except Exception:
            _LOG.exception("Warm-up of the tests with checkpoint %s failed", checkpoint.name)


def _test(checkpoint, explanation):
    """The tests of a map build graphs of their own: the first visitor's verdict does not wait for them."""
    from models.trust import assess

    assess(checkpoint, explanation)


def receptive_field_of(explanation: Explanation) -> ReceptiveField | None:
    """How much sound a step of the network that explained a clip hears, if that network is still here."""
    try:
        checkpoint = shelf().get(explanation.provenance.checkpoint)
    except EarmarkError:
        return None
    return receptive_field(checkpoint) if checkpoint.hash == explanation.provenance.checkpoint_hash else None


def explain(checkpoint, data: bytes | str, *, name: str, changes=(), progress=None):
    """`explain_clip` or `explain_text`, by the checkpoint's modality; a text may come as bytes of a file."""
    from models.explain import explain_clip, explain_text
    from models.frontend import plaintext

    if checkpoint.modality == "speech":
        return explain_clip(checkpoint, data, name=name, muted=changes, progress=progress)
    text = plaintext.decode(data) if isinstance(data, bytes) else data
    return explain_text(checkpoint, text, name=name, masked=changes, progress=progress)
