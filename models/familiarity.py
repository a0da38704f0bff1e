"""How unlike the inputs of its own corpus an input is to a checkpoint: one plain statistic, held against theirs.

Speech: how far the clip's mean spectrum is off the training clips', in standard deviations of each mel band, root
mean square over bands. Text: the share of words the network does not know. How either spreads over the corpus is
kept in the checkpoint's folder as `familiarity.json`.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

import numpy as np

from models import __version__, typed
from models.errors import InputError
from models.frontend.tokenizer import UNKNOWN

FORMAT = "earmark-familiarity"
FORMAT_VERSION = 1
FILE = "familiarity.json"
# Farther off than all but one in a hundred inputs of the corpus is called unlike them.
LEVEL = 0.99
# Of texts whose words are unknown as often as in the farthest but one in a hundred, this share has so many by chance.
_BY_CHANCE = 0.05


@dataclass(frozen=True)
class Familiarity:
    """The statistic over the inputs of a checkpoint's own corpus.

    Args:
        checkpoint, checkpoint_hash: of the checkpoint.
        inputs: in words, which inputs.
        n: how many.
        median, limit, most: the statistic's median, `LEVEL` quantile and largest value over them.
        command, date, version: how it was made.
    """

    checkpoint: str
    checkpoint_hash: str
    inputs: str
    n: int
    median: float
    limit: float
    most: float
    command: str
    date: str
    version: str

    def to_json(self) -> str:
        """One JSON object, keys as the fields here."""
        return typed.write(self, FORMAT, FORMAT_VERSION)


def read(checkpoint) -> Familiarity | None:
    """What a checkpoint's folder keeps; `None` where there is none, it is damaged, or the network has changed since."""
    found = typed.read_file(Familiarity, checkpoint.path / FILE, FORMAT, FORMAT_VERSION)
    # JSON of Python may hold NaN and infinity, which no limit is.
    sound = found is not None and found.checkpoint_hash == checkpoint.hash and 0 <= found.limit < math.inf
    return found if sound else None


def measure(checkpoint, folder, command="", progress=None) -> Familiarity:
    """The statistic over a corpus.

    Speech: over all clips of RAVDESS in the folder. Text: over the validation texts of `models.validation.inputs`, as
    a vocabulary is made of the training texts, which therefore have hardly an unknown word.

    Args:
        checkpoint: a `Checkpoint` of ours.
        folder: its corpus, in the layout of `shared/data/README.md`.
        command: what was typed.
        progress: called as `progress(done, total)` after every input; may raise.

    Raises:
        InputError: the folder holds no such inputs.
    """
    # Here, not above: pages that only read the figures need not wait for Keras.
    from models import datasets, validation

    if checkpoint.modality == "speech":
        items = datasets.ravdess(folder)
        speakers = sorted({item.speaker for item in items})
        what = f"RAVDESS, actors {speakers[0]} to {speakers[-1]}"
    else:
        found = validation.inputs(checkpoint, folder)
        items, what = found.items, found.what
    values = []
    for done, item in enumerate(items, start=1):
        values.append(_of_clip(checkpoint, item) if checkpoint.modality == "speech" else _of_text(checkpoint, item))
        if progress is not None:
            progress(done, len(items))
    if not values:
        raise InputError(f"{folder} holds no inputs for checkpoint “{checkpoint.name}”.")
    return Familiarity(
        checkpoint=checkpoint.name,
        checkpoint_hash=checkpoint.hash,
        inputs=what,
        n=len(values),
        median=round(float(np.median(values)), 4),
        limit=round(float(np.quantile(values, LEVEL)), 4),
        most=round(float(np.max(values)), 4),
        command=command,
        date=datetime.date.today().isoformat(),
        version=__version__,
    )


def spectrum_distance(windows) -> float:
    """The statistic of a clip, from its windows of standardised features `(frames, bands)`; padding does not count."""
    frames = np.concatenate([window[window.any(axis=1)] for window in windows])
    return float(np.sqrt(np.mean(frames.mean(axis=0) ** 2))) if len(frames) else 0.0


def too_many_unknown(unknown: int, words: int, limit: float) -> bool:
    """Whether a text has more unknown words than its length explains, were each unknown with probability `limit`.

    A binomial test at 5 %: one unknown word among three says little, a third of three hundred does.
    """
    from scipy.special import bdtrc

    return unknown > 0 and (limit < 1) and float(bdtrc(unknown - 1, words, limit)) < _BY_CHANCE


def _of_clip(checkpoint, item):
    from models.frontend import audio

    clip = audio.decode(
        item.path.read_bytes(), sample_rate=checkpoint.frontend.log_mel.sample_rate, name=item.path.name
    )
    return spectrum_distance(checkpoint.frontend(clip.samples, checkpoint.model.step_frames).windows)


def _of_text(checkpoint, item):
    from models.evaluation import encode

    return float(np.mean(encode(checkpoint.vocabulary, item.text) == UNKNOWN))
