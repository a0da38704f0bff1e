"""Text to tokens with character offsets, and tokens to vocabulary indices."""

from __future__ import annotations

import unicodedata

import numpy as np
import regex

PADDING = 0
UNKNOWN = 1
RESERVED = ("[pad]", "[unk]")

# A number with its separators; a word with inner apostrophes, in any script, marks included; or
# any other grapheme cluster by itself (punctuation, an emoji with its skin tone and joiners). Flags
# are spelt out, because `\X` counts back to the first letter of a row of flags at every one of them.
# The four separators from U+001C are white space to Python, so they are here, too.
_TOKEN = regex.compile(
    r"\p{N}+(?:[.,]\p{N}+)*(?![\p{L}\p{M}])"
    r"|[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}]+)*"
    r"|\p{GCB=Regional_Indicator}{1,2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*"
    r"|(?![\s\x1c-\x1f])\X"
)
_DIGIT = regex.compile(r"\p{Nd}")


def tokenize(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Split a text into tokens, as offsets into that very string.

    Tokens are disjoint and in order, contain no white space at their start, and together hold
    every character that is not white space. `text[starts[i]:ends[i]]` is token i as typed.

    Args:
        text: any Unicode string.

    Returns:
        `(starts, ends)`, int64 arrays of shape `(tokens,)`, in characters (code points).
    """
    spans = [match.span() for match in _TOKEN.finditer(text)]
    array = np.array(spans, np.int64).reshape(-1, 2)
    return array[:, 0].copy(), array[:, 1].copy()


def normalize(token: str) -> str:
    """The form of a token that the vocabulary knows: NFC, lower case, curly quotes straight, digits as 0."""
    # Nearly every token of an English text is ASCII; the Unicode tables are only for the rest.
    if token.isascii():
        return _DIGIT.sub("0", token.lower()) if not token.isalpha() else token.lower()
    token = unicodedata.normalize("NFC", token).lower().replace("’", "'")
    return _DIGIT.sub("0", token)


class Vocabulary:
    """Words a network knows, by index; 0 is padding, 1 stands for every unknown word.

    Args:
        words: the known words in index order from 2, already normalised.
    """

    def __init__(self, words):
        self.words = tuple(words)
        self._index = {word: i for i, word in enumerate(self.words, start=len(RESERVED))}
        if len(self._index) != len(self.words):
            raise ValueError("The vocabulary lists a word twice.")

    def __len__(self):
        return len(self.words) + len(RESERVED)

    def __contains__(self, token):
        return normalize(token) in self._index

    def tokenize(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Offsets of the text's tokens; see `tokenize`."""
        return tokenize(text)

    def encode(self, text: str, starts, ends) -> np.ndarray:
        """Indices of the tokens `text[starts[i]:ends[i]]`, int32 of shape `(tokens,)`."""
        lookup = self._index.get
        return np.array(
            [lookup(normalize(text[a:b]), UNKNOWN) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)],
            np.int32,
        )
