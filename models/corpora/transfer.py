"""A file from its official host to the disk, checked against a known size and checksum."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from models.errors import InputError

SCHEMES = frozenset({"https"})  # also after a redirect; the tests add http for a server of their own
TIMEOUT = 20.0  # seconds without a byte
_BLOCK = 1 << 16
_FRUITLESS = 3  # attempts in a row that bring no byte
_AFTERWARDS = "Everything else in Earmark works without it."

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Source:
    """A file that is known to the last bit.

    Args:
        urls: where it lies, the first host first.
        size: bytes.
        algorithm, digest: `"sha256"` or `"md5"`, and the hexadecimal checksum.
    """

    urls: tuple[str, ...]
    size: int
    algorithm: str
    digest: str

    @property
    def host(self) -> str:
        return urlsplit(self.urls[0]).hostname or ""


class _Failure(Exception):
    """Why one host did not deliver, as a sentence."""


def partial(path: Path) -> Path:
    """Where the bytes lie that have come so far."""
    return path.with_name(path.name + ".part")


def fetch(source: Source, path: Path, progress: Progress | None = None) -> None:
    """Download a file, or go on where an earlier download of it stopped.

    The file appears at `path` only when size and checksum are right. What `progress` raises stops
    the download and is passed on; the part that has come stays for the next time.

    Args:
        progress: called as `progress(done, total)` in bytes.

    Raises:
        InputError: no host can be reached, or none sends this very file; one sentence.
    """
    part = partial(path)
    failures = []
    for url in source.urls:
        try:
            _receive(url, part, source.size, progress)
            if _digest(part, source.algorithm) == source.digest:
                os.replace(part, path)
                return
            part.unlink()
            raise _Failure(_another(url, f"its {source.algorithm.upper()} checksum is wrong"))
        except _Failure as failure:
            failures.append(failure)
    # The first host is the official one; what a mirror says matters less.
    raise InputError(f"{failures[0]} {_AFTERWARDS}") from failures[0]


def _receive(url, part, size, progress):
    """Append to `part` until it has `size` bytes, taking up again after a break."""
    fruitless = 0
    while (have := _length(part)) != size:
        if have > size:
            part.unlink()
            continue
        try:
            _append(url, part, have, size, progress)
        except _Break as error:
            fruitless = 0 if _length(part) > have else fruitless + 1
            if fruitless >= _FRUITLESS:
                raise _Failure(_broken_off(url, _length(part), size)) from error


class _Break(Exception):
    """The connection ended early; trying again may help."""


def _append(url, part, have, size, progress):
    with _open(url, have) as response:
        resumed = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if not resumed:
            have = 0
        promised = response.headers.get("Content-Length", "")
        if promised.isdecimal() and have + int(promised) != size:
            part.unlink(missing_ok=True)
            raise _Failure(_another(url, f"it has {have + int(promised):,} bytes and not {size:,}"))
        with part.open("ab" if resumed else "wb") as file:
            while block := _read(response):
                have += len(block)
                if have > size:
                    break
                file.write(block)
                if progress is not None:
                    progress(have, size)
    if have > size:
        part.unlink()
        raise _Failure(_another(url, f"it has more than {size:,} bytes"))
    if have < size:
        raise _Break


def _open(url, have):
    _require_scheme(url)
    headers = {"User-Agent": "Earmark", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    host = urlsplit(url).hostname
    try:
        opener = urllib.request.build_opener(_Redirects)
        return opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise _Failure(
            f"{host} does not hand out the file (it answers {error.code} {error.reason}). Try again later, or fetch "
            "it by hand from the page of the corpus."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        why = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise _Failure(
            f"Earmark cannot reach {host} ({why}): this computer is offline, or that host is. Check the connection "
            "and try again, or fetch the file on another computer."
        ) from error


def _read(response):
    try:
        return response.read1(_BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _Break from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):
        _require_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_scheme(url):
    if urlsplit(url).scheme not in SCHEMES:
        raise _Failure(
            f"{urlsplit(url).hostname or url} offers no encrypted connection (https), so nothing was fetched."
        )


def _digest(path, algorithm):
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _length(path):
    return path.stat().st_size if path.exists() else 0


def _another(url, why):
    return (
        f"{urlsplit(url).hostname} sent another file than the one Earmark knows ({why}), so it was thrown away. Try "
        "again; if it happens twice, the corpus has changed and has to be fetched by hand."
    )


def _broken_off(url, have, size):
    return (
        f"The connection to {urlsplit(url).hostname} broke off after {have / 1e6:.1f} of {size / 1e6:.1f} MB. "
        "Download again to go on from there."
    )
