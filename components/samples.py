"""The sample clips and texts that come with Earmark."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "samples"


@dataclass(frozen=True)
class Sample:
    """One entry of `assets/samples/index.json`; `suits` names the families of checkpoints it was made for."""

    name: str
    modality: str
    title: str
    about: str
    suits: tuple[str, ...]

    def read(self) -> bytes:
        return (FOLDER / self.name).read_bytes()


@functools.cache
def samples() -> tuple[Sample, ...]:
    """All samples, in the index's order."""
    entries = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    return tuple(Sample(e["file"], e["modality"], e["title"], e["about"], tuple(e.get("for", ()))) for e in entries)


def samples_for(modality: str, family: str) -> list[Sample]:
    """The samples of a modality, those made for the checkpoint's family (`config["family"]`) first."""
    fitting = [sample for sample in samples() if sample.modality == modality]
    return sorted(fitting, key=lambda sample: family not in sample.suits)


def sample_named(modality: str, name: str) -> Sample | None:
    """The sample of that file name, if there is one."""
    return next((sample for sample in samples() if (sample.modality, sample.name) == (modality, name)), None)
