"""Bytes of a text file to the string in it."""

from __future__ import annotations

import codecs

from models.errors import InputError

# A longest-first list: UTF-32's mark starts with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"OggS\x00", "a sound or video file"),
    (b"fLaC\x00", "a FLAC file"),
    *((b"ID3" + bytes([version]), "an MP3 file") for version in (2, 3, 4)),
)
# RIFF, its length, and what it holds: the four letters alone may well begin a text.
_RIFF = (b"WAVE", b"AVI ", b"WEBP")
# C0 controls that no plain text holds; tab, line feed, form feed, carriage return and escape may occur.
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27}
_MOST_CONTROLS = 0.02


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 or UTF-32 with a byte order mark, else Windows-1252.

    Line ends stay as they are in the file. What is damaged in UTF-8 becomes the replacement sign.

    Raises:
        InputError: the file is empty or holds no plain text; the message says what it is.
    """
    if not data:
        raise InputError("This file is empty (0 bytes). Choose a text file with some words in it.")
    kind = next((kind for magic, kind in _FOREIGN if data.startswith(magic)), None)
    if data.startswith(b"RIFF") and data[8:12] in _RIFF:
        kind = "a sound, video or picture file"
    if kind is not None:
        raise InputError(f"This file is {kind}, not plain text. If there is text in it, copy that and paste it here.")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise InputError("This text file is damaged or cut off. Save it again as UTF-8.") from error
    sample = data[:65536]
    if sum(byte in _CONTROLS for byte in sample) > _MOST_CONTROLS * len(sample):
        raise InputError("This file does not hold plain text. Save it as .txt (UTF-8), or paste the text.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # Letters beyond ASCII in Windows-1252 hardly ever form UTF-8, so if most do, a few are damaged or cut off.
    text = data.decode("utf-8", errors="replace")
    if sum(c > "\x7f" for c in text) > 2 * text.count("\ufffd"):
        return text
    # Five bytes have no meaning in Windows-1252; they become the replacement sign, visibly.
    return data.decode("cp1252", errors="replace")
