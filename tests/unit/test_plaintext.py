"""Bytes of a text file to the string in it, or one sentence on what the file is instead."""

import gzip
import io
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import InputError
from models.frontend.plaintext import decode

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"
MIXED = "Grüße, 世界! 👩🏽‍🚀 مرحبا\r\n\tשָׁלוֹם <b>x</b>\n"
# Text as people store it: no lone surrogates, and no control characters but the usual ones.
TYPED = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\t\n\r"), min_size=1, max_size=80)


def office_document():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("word/document.xml", "<w:t>Hello</w:t>")
    return buffer.getvalue()


class TestEncodings:
    @settings(max_examples=300, deadline=None)
    @given(TYPED)
    def test_utf8_comes_back_to_the_letter(self, text):
        if not text.startswith(("\ufeff", "%PDF", "{\\rtf")):
            assert decode(text.encode("utf-8")) == text

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
    @settings(max_examples=100, deadline=None)
    @given(text=TYPED)
    def test_a_byte_order_mark_decides_and_is_no_part_of_the_text(self, encoding, text):
        assert decode(text.encode(encoding)) == text

    @pytest.mark.parametrize("encoding", ["utf-16-be", "utf-32-be"])
    def test_big_endian(self, encoding):
        assert decode(("\ufeff" + MIXED).encode(encoding)) == MIXED

    @pytest.mark.parametrize("text", ["Café “déjà vu” – 5 €", "Straße", "naïve", "Ÿ", "l’été"])
    def test_windows_1252(self, text):
        assert decode(text.encode("cp1252")) == text

    def test_bytes_without_a_meaning_show_as_replaced(self):
        assert decode(b"caf\xe9 \x81 na\xefve") == "café \ufffd naïve"

    def test_line_ends_stay(self):
        for ends in ("a\r\nb\n", "a\rb", "\n\na\n\n", "a\u2028b\x0cc"):
            assert decode(ends.encode()) == ends

    @pytest.mark.parametrize("cut", [1, 2, 3])
    def test_a_letter_cut_off_at_the_end_does_not_spoil_the_rest(self, cut):
        assert decode(("世界 Grüße " + "😀").encode()[:-cut]) == "世界 Grüße \ufffd"

    def test_one_damaged_byte_does_not_spoil_the_rest(self):
        data = bytearray("Grüße aus Köln und München".encode())
        data[data.index("ö".encode())] = 0xFF
        assert decode(bytes(data)) == "Grüße aus K\ufffd\ufffdln und München"

    def test_a_text_that_holds_the_replacement_sign_is_left_alone(self):
        assert decode("a \ufffd b".encode()) == "a \ufffd b"


class TestRefused:
    @pytest.mark.parametrize(
        "data, says",
        [
            (b"", "empty"),
            (b"%PDF-1.7\n", "PDF"),
            (office_document(), "Office document"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old Office document"),
            (b"{\\rtf1\\ansi Hello}", "RTF"),
            (gzip.compress(b"Hello"), "gzip"),
            (b"\x89PNG\r\n\x1a\n" + bytes(20), "picture"),
            (b"\xff\xd8\xff\xe0" + bytes(20), "picture"),
            (b"RIFF\x24\x00\x00\x00WAVEfmt ", "sound"),
            (b"ID3\x04\x00" + bytes(20), "MP3"),
            (b"OggS\x00\x02" + bytes(20), "sound"),
            ((SAMPLES / "flat.flac").read_bytes(), "FLAC"),
            (bytes(1000), "plain text"),
            (np.random.default_rng(0).bytes(5000), "plain text"),
            ("Hello".encode("utf-16-le"), "plain text"),
            (b"\xff\xfeH\x00e", "damaged or cut off"),
            (b"\xff\xfe\x00\xd8", "damaged or cut off"),
            (b"\xef\xbb\xbfcaf\xe9", "damaged or cut off"),
            (b"\xff\xfe\x00\x00\x00\x00\x11\x00", "damaged or cut off"),
        ],
        # Not the bytes themselves: gzip and zip write the time into their first bytes, and the two
        # workers of the test run must collect the same names.
        ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
    )
    def test_one_sentence_says_what_it_is_and_what_to_do(self, data, says):
        with pytest.raises(InputError, match=says) as caught:
            decode(data)
        text = str(caught.value)
        assert "\n" not in text and text.endswith(".")
        assert any(word in text for word in ("Choose", "paste", "Save")), "says what to do"

    @settings(max_examples=500, deadline=None)
    @given(st.binary(max_size=200))
    def test_any_bytes_are_text_or_refused(self, data):
        try:
            assert isinstance(decode(data), str)
        except InputError as error:
            assert str(error)


class TestNotRefused:
    @pytest.mark.parametrize(
        "text",
        [
            "RIFF raff is a word.",
            "ID3 tags name a song.",
            "OggSpeech",
            "fLaC",
            "PK wins",
            "BMW",
            "7z",
            "\x1b[31mred\x1b[0m",
        ],
    )
    def test_words_that_begin_like_a_file_format(self, text):
        assert decode(text.encode()) == text

    @pytest.mark.parametrize("text", ["😀", " ", "\n", "<script>alert(1)</script>", "\u202eabc", "\x7f"])
    def test_odd_but_plain(self, text):
        assert decode(text.encode()) == text

    def test_a_stray_control_character_in_a_long_text(self):
        text = "word " * 100 + "\x00" + "word " * 100
        assert decode(text.encode()) == text

    def test_samples(self):
        for path in SAMPLES.glob("*.txt"):
            assert decode(path.read_bytes()) == path.read_text(encoding="utf-8")


def test_a_megabyte_takes_a_moment():
    data = ("Grüße 世界 " * 60_000).encode()
    begun = time.perf_counter()
    assert len(decode(data)) == 540_000
    assert time.perf_counter() - begun < 2
