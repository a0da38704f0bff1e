"""How plausible a checkpoint's marks are over a whole collection, kept in its folder as `rationales.json`."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from models import __version__, typed
from models.rationales import Plausibility

FORMAT = "earmark-rationales"
FORMAT_VERSION = 1
FILE = "rationales.json"


@dataclass(frozen=True)
class Kept:
    """The figures of `models.rationales.plausibility`, and what they are of.

    Args:
        checkpoint, checkpoint_hash: of the checkpoint.
        inputs: in words, which reviews.
        found: the figures.
        command, date, version: how it was made.
    """

    checkpoint: str
    checkpoint_hash: str
    inputs: str
    found: Plausibility
    command: str
    date: str
    version: str

    def to_json(self) -> str:
        """One JSON object, keys as the fields here."""
        return typed.write(self, FORMAT, FORMAT_VERSION)


def keep(checkpoint, found: Plausibility, inputs: str, command: str) -> Kept:
    """Figures just measured on a `Checkpoint`, dated today."""
    return Kept(
        checkpoint=checkpoint.name,
        checkpoint_hash=checkpoint.hash,
        inputs=inputs,
        found=found,
        command=command,
        date=datetime.date.today().isoformat(),
        version=__version__,
    )


def read(checkpoint) -> Kept | None:
    """What a checkpoint's folder keeps; `None` where there is none, it is damaged, or the network has changed since."""
    kept = typed.read_file(Kept, checkpoint.path / FILE, FORMAT, FORMAT_VERSION)
    return kept if kept is not None and kept.checkpoint_hash == checkpoint.hash else None
