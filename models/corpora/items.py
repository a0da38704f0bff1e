"""Single clips and texts of a corpus on the disk, to explain like samples."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models import datasets
from models.corpora.catalogue import Corpus
from models.errors import InputError

_SPLITS = ("test", "dev", "val", "train")  # what a network has not learned from comes first
_NEW_ACTORS = (21, 22, 23, 24)
_SENTENCES = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}
_EMODB_MOODS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
_LONGEST_TITLE = 60  # characters


@dataclass(frozen=True)
class Item:
    """A clip or a text of a corpus.

    Args:
        corpus, name: together they find it again (`item(corpus, name)`), in a link, say.
        modality: `"speech"` or `"text"`.
        title: what to call it in a list: what is in it, and what its labels are.
        labels: what the people who made the corpus say it is.
        source: the clip's file, or the text itself.
    """

    corpus: str
    name: str
    modality: str
    title: str
    labels: tuple[str, ...]
    source: Path | str

    def read(self) -> bytes:
        """The bytes of the clip's file, or the text as UTF-8.

        Raises:
            InputError: the file has gone.
        """
        if isinstance(self.source, str):
            return self.source.encode("utf-8")
        try:
            return self.source.read_bytes()
        except OSError as error:
            raise InputError(f"{self.source.name} cannot be read any more ({error.strerror}).") from error


def items_in(corpus: Corpus, folder: Path) -> tuple[Item, ...]:
    """The clips, or the texts of one split; those first that our networks have not learned from.

    Raises:
        InputError: the folder does not hold what it should.
    """
    try:
        return _cached(corpus.name, folder, folder.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"The corpus in {folder} is damaged ({error}). Move it away and fetch it again.") from error


@lru_cache(maxsize=8)
def _cached(name, folder, _changed):
    return tuple(_READERS[name](folder))


def _ravdess(folder):
    found = sorted(datasets.ravdess(folder), key=lambda clip: (clip.speaker not in _NEW_ACTORS, clip.path.name))
    for clip in found:
        _, _, _, intensity, sentence, take, _ = clip.path.stem.split("-")
        mood = datasets.RAVDESS_EMOTIONS[clip.label]
        strength = ", strong" if intensity == "02" else ""
        title = f"Actor {clip.speaker}: {mood}{strength}, “{_SENTENCES.get(sentence, sentence)}”, take {int(take)}"
        yield Item("ravdess", clip.path.stem, "speech", title, (mood,), clip.path)


def _emodb(folder):
    for path in sorted(p for p in (folder / "wav").iterdir() if p.suffix.lower() in (".wav", ".flac")):
        if match := datasets.EMODB_NAME.match(path.stem):
            speaker, sentence, mood, version = match.groups()
            title = f"Speaker {speaker}: {_EMODB_MOODS[mood]}, sentence {sentence}, version {version}"
            yield Item("emodb", path.stem, "speech", title, (_EMODB_MOODS[mood],), path)


def _goemotions(folder):
    split = _split(folder, ".tsv")
    found, labels = datasets.goemotions(folder, split)
    for number, document in enumerate(found, start=1):
        yield _text("goemotions", f"{split}-{number}", document.text, [labels[i] for i in document.labels])


def _reuters(folder):
    split = _split(folder, ".jsonl")
    found, labels = datasets.reuters(folder, split)
    for number, document in enumerate(found, start=1):
        yield _text("reuters", f"{split}-{number}", document.text, [labels[i] for i in document.labels])


def _movies(folder):
    path = folder / f"{_split(folder, '.jsonl')}.jsonl"
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line:
            review = json.loads(line)
            yield _text("movies", review["id"], " ".join(review["tokens"]), [review["label"]])


_READERS = {"ravdess": _ravdess, "emodb": _emodb, "goemotions": _goemotions, "reuters": _reuters, "movies": _movies}


def _split(folder, suffix):
    for split in _SPLITS:
        if (folder / f"{split}{suffix}").is_file():
            return split
    raise InputError(f"{folder} holds none of the files {', '.join(s + suffix for s in _SPLITS)}.")


def _text(corpus, name, text, labels):
    line = " ".join(text.split())
    short = line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1].rstrip() + "…"
    return Item(corpus, name, "text", f"{short} ({', '.join(labels) or 'no label'})", tuple(labels), text)
