"""The files in a zip or tar.gz archive, one after the other, without trusting it."""

from __future__ import annotations

import gzip
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from models.corpora.transfer import Progress
from models.errors import InputError

MOST_BYTES = 2 * 10**9  # unpacked; RAVDESS, the largest, has 0.6 GB
MOST_FILES = 100_000
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
)


def members(archive: Path, progress: Progress | None = None) -> Iterator[tuple[str, bytes]]:
    """Name and content of every regular file; folders and links are left out.

    Nothing is written: where a file goes is for the caller to say, so that no name in the archive
    decides over a path on this disk. All the same an archive with a name that leads outside is
    refused as a whole.

    Raises:
        InputError: damaged, a name that leads outside, or more than `MOST_BYTES` or `MOST_FILES`.
    """
    read = _zip if zipfile.is_zipfile(archive) else _tar
    try:
        yield from read(archive, progress)
    except _DAMAGE as error:
        raise InputError(f"The archive {archive.name} is damaged and cannot be unpacked. Download it again.") from error


def _zip(archive, progress):
    with zipfile.ZipFile(archive) as file:
        entries = file.infolist()
        total = sum(entry.file_size for entry in entries)
        _require_bounds(archive, len(entries), total)
        for entry in entries:
            _require_inside(archive, entry.filename)
        done = 0
        for entry in entries:
            link = entry.external_attr >> 16 & 0o170000 == 0o120000
            # ZipFile reads no more than the size it has stated, so the bound above holds.
            if not entry.is_dir() and not link:
                yield entry.filename, file.read(entry)
            done += entry.file_size
            if progress is not None:
                progress(done, total)


def _tar(archive, progress):
    size = archive.stat().st_size
    with (
        archive.open("rb") as raw,
        gzip.GzipFile(fileobj=raw) as unzipped,
        tarfile.open(fileobj=unzipped, mode="r|") as file,
    ):
        count = total = 0
        for entry in file:
            count, total = count + 1, total + entry.size
            _require_bounds(archive, count, total)
            _require_inside(archive, entry.name)
            if entry.isfile():
                yield entry.name, file.extractfile(entry).read()
            if progress is not None:
                progress(raw.tell(), size)
        # Behind the last file comes the padding, and then the checksum that gzip looks at only when it gets there.
        unzipped.read(1 << 20)


def _require_bounds(archive, count, total):
    if count > MOST_FILES or total > MOST_BYTES:
        raise InputError(
            f"The archive {archive.name} would unpack to more than {MOST_BYTES / 1e9:g} GB or {MOST_FILES:,} files, "
            "far more than the corpus has; it was not unpacked."
        )


def _require_inside(archive, name):
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        raise InputError(
            f"The archive {archive.name} holds a file that would land outside its folder; it was not unpacked."
        )
