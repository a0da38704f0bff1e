"""Text to tokens: whatever is typed, the offsets point into that very string."""

import json
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.frontend.tokenizer import PADDING, RESERVED, UNKNOWN, Vocabulary, normalize, tokenize

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"
TRICKY = (
    "a",
    "I'm",
    "don’t",
    "3.14",
    "1,234.5",
    "U.S.",
    "😀",
    "👩🏽‍🚀",
    "👨‍👩‍👧‍👦",
    "🇩🇪",
    "❤️",
    "1️⃣",
    "e\u0301",
    "\u0301",
    "नमस्ते",
    "漢字かな交じり",
    "한국어",
    "مرحبا بالعالم",
    "שָׁלוֹם",
    "ไทย",
    "\u200d",
    "\ufeff",
    "\x00",
    "\x1b[31m",
    "\r\n",
    "\u2028",
    "\u00a0",
    "\u200b",
    "\ud800",
    "<script>alert(1)</script>",
    "&lt;",
    "\t",
    " ",
    "_",
    "--",
    "…",
    "½",
    "x²",
    "٣٫١٤",
)
# Single characters of every kind, and strings put together from pieces that break tokenisers.
ANY_TEXT = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(TRICKY), max_size=12).map("".join))


def tokens(text):
    starts, ends = tokenize(text)
    return [text[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


class TestOffsets:
    @settings(max_examples=800, deadline=None)
    @given(ANY_TEXT)
    @example("")
    @example(" \n\t ")
    @example("\x1ca\x1f")
    @example("a\u0301\u200d\r\n🇩🇪🇫🇷👩🏽‍🚀")
    def test_tokens_are_disjoint_in_order_and_hold_every_visible_character(self, text):
        starts, ends = tokenize(text)
        assert starts.dtype == ends.dtype == np.int64 and starts.shape == ends.shape and starts.ndim == 1
        assert (starts < ends).all() and (ends[:-1] <= starts[1:]).all()
        if len(starts):
            assert starts[0] >= 0 and ends[-1] <= len(text)
        covered = np.zeros(len(text), bool)
        for start, end in zip(starts, ends, strict=True):
            covered[start:end] = True
            assert not text[start].isspace()
        assert all(c.isspace() for c, hit in zip(text, covered, strict=True) if not hit)

    @settings(max_examples=300, deadline=None)
    @given(ANY_TEXT, ANY_TEXT)
    def test_white_space_separates_for_good(self, left, right):
        """Tokens of two lines are those of each line, shifted."""
        joined = f"{left}\n{right}"
        # A mark or joiner at the start of a line has nothing to attach to but still is a token.
        assert tokens(joined) == tokens(left) + tokens(right)

    @settings(max_examples=300, deadline=None)
    @given(ANY_TEXT)
    def test_a_token_alone_is_one_token(self, text):
        for token in tokens(text):
            assert tokens(token) == [token]

    def test_nothing_but_white_space(self):
        for text in ("", " ", "\n\n\t \u00a0\u2003\u3000"):
            starts, ends = tokenize(text)
            assert starts.shape == ends.shape == (0,)


class TestWords:
    @pytest.mark.parametrize(
        "text, expected",
        [
            ("The cat's whiskers, 3.5 cm.", ["The", "cat's", "whiskers", ",", "3.5", "cm", "."]),
            ("I don’t know!!", ["I", "don’t", "know", "!", "!"]),
            ("1,234.56 mln dlrs", ["1,234.56", "mln", "dlrs"]),
            ("M-1 and 4th 9-7/8", ["M", "-", "1", "and", "4th", "9", "-", "7", "/", "8"]),
            ("\n  Net 66 mln\r\n", ["Net", "66", "mln"]),
            ("<b>bold</b>", ["<", "b", ">", "bold", "<", "/", "b", ">"]),
            ("Привет, мир", ["Привет", ",", "мир"]),
            ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
            ("cafe\u0301 crème", ["cafe\u0301", "crème"]),
            ("नमस्ते", ["नमस्ते"]),
        ],
    )
    def test_as_typed(self, text, expected):
        assert tokens(text) == expected

    @pytest.mark.parametrize("emoji", ["😀", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "🇩🇪", "❤️", "👍🏿"])
    def test_an_emoji_is_one_token_with_its_modifiers(self, emoji):
        assert tokens(f"so{emoji}happy {emoji}{emoji}") == ["so", emoji, "happy", emoji, emoji]

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True), max_size=30))
    def test_plain_words_come_back(self, words):
        assert tokens(" ".join(words)) == words

    def test_digits_stay_with_their_separators_and_no_further(self):
        assert tokens("10,000.") == ["10,000", "."]
        assert tokens("1987.") == ["1987", "."]


class TestNormalize:
    @settings(max_examples=300, deadline=None)
    @given(ANY_TEXT)
    def test_idempotent_and_blind_to_composition(self, text):
        for token in tokens(text):
            known = normalize(token)
            assert normalize(known) == known
            assert normalize(unicodedata.normalize("NFC", token)) == known

    @pytest.mark.parametrize(
        "token, known", [("Don’t", "don't"), ("1987", "0000"), ("3.5", "0.0"), ("CAFE\u0301", "café"), ("٣", "0")]
    )
    def test_forms(self, token, known):
        assert normalize(token) == known

    def test_ascii_shortcut_agrees_with_the_unicode_way(self):
        for token in ("Wheat", "4th", "M-1", "_x9", "A1", "!"):
            slow = unicodedata.normalize("NFC", token).lower()
            assert normalize(token) == "".join("0" if c.isdecimal() else c for c in slow)


class TestVocabulary:
    def test_encode(self):
        vocabulary = Vocabulary(["wheat", "0,000", "don't"])
        text = "WHEAT fell 1,234 – don’t!"
        indices = vocabulary.encode(text, *tokenize(text))
        assert indices.dtype == np.int32
        assert indices.tolist() == [2, UNKNOWN, 3, UNKNOWN, 4, UNKNOWN]
        assert len(vocabulary) == 3 + len(RESERVED)
        assert "Wheat" in vocabulary and "barley" not in vocabulary

    def test_nothing_typed_is_ever_padding(self):
        vocabulary = Vocabulary(["[", "pad", "]"])
        text = "[pad] [unk] \x00"
        assert PADDING not in vocabulary.encode(text, *tokenize(text))

    def test_words_must_differ(self):
        with pytest.raises(ValueError, match="twice"):
            Vocabulary(["a", "a"])

    def test_empty_text(self):
        assert Vocabulary(["a"]).encode("", *tokenize("")).shape == (0,)


class TestSpeed:
    """Pathological texts must stay linear: a page must not hang on what somebody pastes."""

    @pytest.mark.parametrize(
        "text",
        [
            "word " * 200_000,
            "a" * 1_000_000,
            "1," * 500_000,
            "9.9" * 300_000,
            "a'" * 500_000,
            "😀" * 250_000,
            "\u0301" * 1_000_000,
            "👩\u200d" * 300_000,
            "\x00" * 500_000,
            "<script>" * 125_000,
            "🇩" * 250_000,
            "\x1f" * 500_000 + "a",
        ],
        ids=lambda text: ascii(text[:8]),
    )
    def test_a_megabyte(self, text):
        begun = time.perf_counter()
        starts, ends = tokenize(text)
        assert time.perf_counter() - begun < 10
        assert ends[-1] <= len(text)

    def test_twenty_thousand_words_take_a_moment(self):
        text = (SAMPLES / "market_digest.txt").read_text(encoding="utf-8") * 12
        begun = time.perf_counter()
        starts, _ = tokenize(text)
        assert len(starts) > 20_000 and time.perf_counter() - begun < 2


def test_samples_survive_a_round_trip():
    for entry in json.loads((SAMPLES / "index.json").read_text(encoding="utf-8")):
        if entry["modality"] == "text":
            text = (SAMPLES / entry["file"]).read_text(encoding="utf-8")
            assert "".join(tokens(text)) == "".join(text.split())
