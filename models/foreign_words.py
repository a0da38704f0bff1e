"""The words of somebody else's network, split the way they were split when it was trained."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from models.frontend.tokenizer import UNKNOWN, Vocabulary, normalize
from models.frontend.tokenizer import tokenize as own_tokenize

# What keras.layers.TextVectorization takes away by default.
_PUNCTUATION = re.compile(r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']""")
_CHUNK = re.compile(r"\S+")
STANDARDIZE = ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)


class ForeignVocabulary(Vocabulary):
    """Words by index, 0 padding and 1 unknown, with the splitting of `keras.layers.TextVectorization`.

    Args:
        words: the known words in index order from 2.
        standardize: as in `TextVectorization`, split at white space: one of `STANDARDIZE`; or `"earmark"`,
            Earmark's own splitting (signs are words of their own), where a word is looked up as typed, then
            in lower case, then with its digits as 0.
    """

    def __init__(self, words, standardize="earmark"):
        super().__init__(words)
        self.standardize = standardize

    def tokenize(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Offsets `(starts, ends)` of the words, int64; signs that the network never saw belong to no word."""
        if self.standardize == "earmark":
            return own_tokenize(text)
        spans = []
        for match in _CHUNK.finditer(text):
            start, end = match.span()
            if self._strips:
                while start < end and _PUNCTUATION.match(text[start]):
                    start += 1
                while end > start and _PUNCTUATION.match(text[end - 1]):
                    end -= 1
            if end > start:
                spans.append((start, end))
        array = np.array(spans, np.int64).reshape(-1, 2)
        return array[:, 0].copy(), array[:, 1].copy()

    @property
    def _strips(self):
        return self.standardize in ("lower_and_strip_punctuation", "strip_punctuation")

    def encode(self, text: str, starts, ends) -> np.ndarray:
        """Indices of the words `text[starts[i]:ends[i]]`, int32 of shape `(tokens,)`."""
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        return np.array([self._look_up(text[a:b]) for a, b in spans], np.int32)

    def __contains__(self, token):
        return self._look_up(token) != UNKNOWN

    def _look_up(self, token):
        if self.standardize == "earmark":
            typed = unicodedata.normalize("NFC", token)
            forms = (typed, typed.lower(), normalize(token))
        else:
            form = token.lower() if str(self.standardize).startswith("lower") else token
            forms = (_PUNCTUATION.sub("", form) if self._strips else form,)
        return next((self._index[form] for form in forms if form in self._index), UNKNOWN)
