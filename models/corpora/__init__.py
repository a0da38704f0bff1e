"""Real corpora: downloaded from their official hosts, checked, and tidied to what `models.datasets` reads.

They live outside the repository's tracked files, in the folder that the environment variable
EARMARK_DATA names, or else in `data/`. A corpus brought there by hand counts just the same.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from models.corpora.catalogue import CORPORA, Corpus
from models.corpora.items import Item, items_in
from models.corpora.transfer import Progress, fetch, partial
from models.errors import InputError

__all__ = [
    "CORPORA",
    "Corpus",
    "Item",
    "corpus_named",
    "download",
    "fetched",
    "folder",
    "in_megabytes",
    "installed",
    "is_installed",
    "item",
    "items",
    "megabytes",
    "root",
]

_REPOSITORY = Path(__file__).resolve().parents[2]
_INCOMING = ".incoming"  # next to the corpora: a rename within one disk cannot be interrupted
_SPARE = 50_000_000  # bytes of the disk to leave free
_UNPACKING = 10  # unpacking counts as a tenth of the download
_BUSY = {corpus.name: threading.Lock() for corpus in CORPORA}
_PATIENCE = 3.0  # seconds; a download that has just been stopped needs a moment to let go


def root() -> Path:
    """The folder of all corpora; it need not exist."""
    return Path(os.environ.get("EARMARK_DATA") or _REPOSITORY / "data").absolute()


def folder(name: str) -> Path:
    """Where the corpus of that name lies, or would lie."""
    return root() / corpus_named(name).name


def corpus_named(name: str) -> Corpus:
    """The corpus of that name.

    Raises:
        InputError: there is none.
    """
    for corpus in CORPORA:
        if corpus.name == name:
            return corpus
    raise InputError(f"Earmark knows no corpus “{name}”; it knows {', '.join(c.name for c in CORPORA)}.")


def is_installed(name: str) -> bool:
    """Whether the corpus is there, or some of it: a few actors, one split."""
    return _holds(corpus_named(name), folder(name))


def installed() -> tuple[Corpus, ...]:
    """The corpora that are there."""
    return tuple(corpus for corpus in CORPORA if is_installed(corpus.name))


def items(name: str) -> tuple[Item, ...]:
    """The clips or texts of a corpus, those first that our networks have not learned from.

    Raises:
        InputError: it is not there, or damaged.
    """
    corpus = corpus_named(name)
    if not is_installed(name):
        raise InputError(f"The corpus {corpus.title} is not here; the page “Corpora” says how to get it.")
    return items_in(corpus, folder(name))


def item(corpus: str, name: str) -> Item:
    """One clip or text, by the names that `Item` carries.

    Raises:
        InputError: the corpus is not there or has no such item.
    """
    for found in items(corpus):
        if found.name == name:
            return found
    raise InputError(f"The corpus {corpus_named(corpus).title} on this computer holds no “{name}”.")


def fetched(name: str) -> int:
    """Bytes that a download which was stopped has left, to go on from."""
    corpus, place = corpus_named(name), root() / _INCOMING / name
    paths = [path for file in corpus.sources for path in (place / file, partial(place / file))]
    return sum(path.stat().st_size for path in paths if path.is_file())


def download(name: str, progress: Progress | None = None) -> Path:
    """Download a corpus, check it, tidy it, and only then put it in its place.

    What `progress` raises (`Cancelled`, say) stops it and is passed on; what has come by then is
    kept for the next time.

    Args:
        progress: called as `progress(done, total)`, in bytes; a last tenth stands for unpacking.

    Returns:
        The folder of the corpus; at once if it is there already.

    Raises:
        InputError: it has to be fetched by hand, the host cannot be reached or sends something
            else, the disk is full or may not be written to; one sentence.
    """
    corpus = corpus_named(name)
    target = folder(name)
    if _holds(corpus, target):
        return target
    if corpus.tidy is None:
        raise InputError(f"{corpus.by_hand} Its page is {corpus.page}; the folder is {target}.")
    if target.is_dir() and any(target.iterdir()):
        raise InputError(f"{target} exists but does not hold {corpus.title}. Move it away and try again.")
    if not _BUSY[name].acquire(timeout=_PATIENCE):
        raise InputError(f"{corpus.title} is being downloaded just now, perhaps in another window. Wait for that.")
    try:
        _install(corpus, target, progress or (lambda done, total: None))
    except OSError as error:
        raise InputError(
            f"{corpus.title} cannot be saved in {root()} ({error.strerror or error}). Make room there, or name another "
            "folder in the environment variable EARMARK_DATA."
        ) from error
    finally:
        _BUSY[name].release()
    return target


def megabytes(size: int) -> str:
    """A number of bytes for people: `208 MB`, `4.4 MB`."""
    return f"{size / 1e6:.1f} MB" if size < 10_000_000 else f"{size / 1e6:,.0f} MB"


def in_megabytes(progress: Progress) -> Progress:
    """A progress function that takes bytes and passes on whole megabytes, for people to read."""

    def counted(done: int, total: int) -> None:
        progress(done // 1_000_000, max(total // 1_000_000, 1))

    return counted


def _install(corpus, target, progress):
    place = root() / _INCOMING / corpus.name
    place.mkdir(parents=True, exist_ok=True)
    missing = corpus.size - fetched(corpus.name) + corpus.unpacked + _SPARE - shutil.disk_usage(place).free
    if missing > 0:
        raise InputError(
            f"{corpus.title} needs {missing / 1e6:.0f} MB more room on the disk of {root()}. Make room there, or name "
            "another folder in the environment variable EARMARK_DATA."
        )
    total = corpus.size + corpus.size // _UNPACKING
    files, before = {}, 0
    for name, source in corpus.sources.items():
        files[name] = place / name
        if not files[name].is_file():
            fetch(source, files[name], lambda done, _, before=before: progress(before + done, total))
        before += source.size
    fresh = place / "tidied"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()

    def unpacking(done, whole):
        progress(corpus.size + int((total - corpus.size) * done / max(whole, 1)), total)

    try:
        _tidy(corpus, files, fresh, unpacking)
        if target.is_dir():
            target.rmdir()
        os.replace(fresh, target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(place, ignore_errors=True)


def _tidy(corpus, files, fresh, progress):
    wrong = f"The files of {corpus.title} do not hold what they should. Bring them here by hand."
    try:
        corpus.tidy(files, fresh, progress)
    except InputError:
        raise
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(wrong) from error
    if not _holds(corpus, fresh):
        raise InputError(wrong)


def _holds(corpus, place):
    return all(any(True for _ in place.glob(pattern)) for pattern in corpus.expected)
