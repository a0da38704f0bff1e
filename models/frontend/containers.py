"""What kind of file is this? Told from its first bytes, never from its name."""

from __future__ import annotations

from models.errors import InputError

SUPPORTED = "WAV, FLAC, OGG or MP3"

# Formats that libsndfile opens: their first bytes, or what stands at byte 8 of a container's.
_READABLE = (b"fLaC", b"RF64", b"riff\x2e\x91\xcf\x11", b".snd", b"caff")
_CONTAINED = {b"RIFF": (b"WAVE",), b"FORM": (b"AIFF", b"AIFC")}

_FOREIGN = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (or an Office document)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an XZ archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
    (b"Salted__", "encrypted"),
    (b"-----BEGIN PGP", "encrypted"),
)
_FOREIGN_SOUND = (
    (b"\x1aE\xdf\xa3", "a WebM or Matroska recording"),
    (b"\x30\x26\xb2\x75", "a Windows Media recording"),
    (b"#!AMR", "an AMR recording"),
    (b"wvpk", "a WavPack file"),
    (b"MAC ", "a Monkey's Audio file"),
    (b"ADIF", "an AAC recording"),
    (b"MThd", "a MIDI file, which holds notes and no sound"),
    (b"FLV", "a Flash video"),
    (b"\x00\x00\x01\xba", "an MPEG video"),
)


def require_sound(data: bytes, called: str = "This file") -> None:
    """Return if the bytes begin like a sound file Earmark can read.

    Raises:
        InputError: they do not; the message names what they are instead, if that can be told.
    """
    if not data:
        raise InputError(f"{called} is empty (0 bytes). Choose a recording, or record one with the microphone.")
    head = bytes(data[:64])
    if head.startswith(_READABLE) or _mp3(data) or head[8:12] in _CONTAINED.get(head[:4], ()):
        return
    if head.startswith(b"OggS"):
        if b"theora" in data[:4096]:
            raise InputError(f"{called} is an Ogg video. Save its sound as {SUPPORTED} and try again.")
        return
    kind = _foreign_sound(head)
    if kind:
        raise InputError(f"{called} is {kind}, which Earmark cannot read. Convert it to {SUPPORTED} and try again.")
    kind = next((kind for magic, kind in _FOREIGN if head.startswith(magic)), None) or _text(data)
    if kind:
        raise InputError(f"{called} is {kind}, not a sound. Choose a recording in {SUPPORTED}.")
    if not any(head):
        raise InputError(f"{called} holds only zeros where a header should be. Copy or record the clip again.")
    raise InputError(
        f"{called} is not a sound file Earmark knows: it does not begin like any, and may be damaged or encrypted. "
        f"Choose a recording in {SUPPORTED}."
    )


def _foreign_sound(head):
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        return "an MP4 or M4A recording (as phones make them)"
    if head[:4] == b"RIFF":
        return "an AVI video" if head[8:12] == b"AVI " else None
    # An AAC stream has an MP3's first twelve bits, with the layer bits zero.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "an AAC recording"
    return next((kind for magic, kind in _FOREIGN_SOUND if head.startswith(magic)), None)


def _text(data):
    """What kind of text this is, or None. Only the beginning is looked at."""
    sample = bytes(data[:2048])
    try:
        text = sample.decode("utf-8", errors="strict" if len(data) <= 2048 else "ignore")
    except UnicodeDecodeError:
        return None
    # errors="ignore" forgives a character cut at the end, but not a binary file.
    if len(text.encode()) < len(sample) - 3 or any(c < " " and c not in "\t\n\r\f\x1b" for c in text):
        return None
    start = text.lstrip("\ufeff \t\r\n").lower()
    return "a web page" if start.startswith(("<!doctype html", "<html")) else "a text"


_BIT_RATES = {  # kbit/s by (version 1?, layer), index 1 to 14
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # Hz by version bits


def _mp3(data) -> bool:
    """Two MPEG audio frames in a row, or a tag as players write it before them.

    One sync word alone would let one in two thousand random files through.
    """
    if data[:3] == b"ID3":
        return True
    first = _frame_length(data, 0)
    return bool(first) and (len(data) <= first + 4 or bool(_frame_length(data, first)))


def _frame_length(data, at) -> int:
    """Bytes of the MPEG audio frame whose header stands at `at`, or 0 (ISO/IEC 11172-3, 2.4.2.3)."""
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return 0
    version, layer = data[at + 1] >> 3 & 3, 4 - (data[at + 1] >> 1 & 3)
    bit_rate, rate, padding = data[at + 2] >> 4, data[at + 2] >> 2 & 3, data[at + 2] >> 1 & 1
    if version == 1 or layer == 4 or rate == 3 or not 1 <= bit_rate <= 14:
        return 0
    bits = _BIT_RATES[version == 3, layer][bit_rate - 1] * 1000
    hertz = _RATES[version][rate]
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    return (72 if layer == 3 and version != 3 else 144) * bits // hertz + padding
