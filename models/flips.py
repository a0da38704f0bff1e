"""What if some words had not been there? A bounded search for the fewest masked words that turn an answer.

As LIT's ablation flip does: greedy by occlusion, here with a few candidates side by side, and words that turn out not
to be needed are given back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.errors import InputError
from models.subjects import subject as subject_of

# The bounds: words masked at once, candidates kept side by side, words each is extended by, and words looked at
# one by one at all; of a longer text the stretches that matter most are looked at.
MOST_MASKED = 12
BEAM = 4
EXTENSIONS = 16
LOOKED_AT = 256
SHOWN = 5
_TIE = 1e-6


@dataclass(frozen=True)
class Candidate:
    """One set of masked words, in the order in which they were masked.

    Args:
        words: their indices.
        probabilities: float32 `(len(words) + 1,)`: the label's probability before, and after each.
        rival: index of the label that is ahead of it at the end; `-1` where labels do not compete.
        flipped: whether the answer turned.
    """

    words: tuple[int, ...]
    probabilities: np.ndarray
    rival: int
    flipped: bool


@dataclass(frozen=True)
class Flips:
    """What the search found.

    Args:
        label: index of the label.
        asserted: whether the network asserts it of the text as it is; the search is for the opposite.
        threshold: the probability to cross; `None` where the largest probability wins.
        found: whether any set turned the answer within the bounds. Not found is no proof that none does, and
            found is no proof that no smaller one does.
        candidates: sets that turn it, the fewest words first, at most `SHOWN`; if none was found, the one that came
            nearest.
        looked_at: how many words were tried one by one, of those that the network knows.
        words: how many words of the text it knows and could lose.
        tried: how many masked texts were tried.
        most: the bound on masked words.
    """

    label: int
    asserted: bool
    threshold: float | None
    found: bool
    candidates: tuple[Candidate, ...]
    looked_at: int
    words: int
    tried: int
    most: int


def flips(checkpoint, explanation, *, label=None, most=MOST_MASKED, progress=None) -> Flips:
    """Search the fewest words whose masking turns the network's answer on a label.

    Where labels compete, the answer turns when another label becomes the most probable one (or, for a label that is
    not, when it does); else when the label's probability crosses its threshold. Every word is masked by itself; the
    `EXTENSIONS` that move the answer farthest extend the `BEAM` best sets, one word at a time; and from a
    set that turns the answer every word that is not needed is given back.

    Args:
        checkpoint: the `Checkpoint` that the explanation was made with.
        explanation: an `Explanation` of a text; what it has masked stays so.
        label: index of the label; by default the most probable one.
        most: bound on the masked words.
        progress: called as `progress(done, total)`; may raise to cancel.

    Raises:
        InputError: no text, one that does not go with the checkpoint, or a single label.
    """
    if explanation.modality != "text":
        raise InputError("Words can be masked in texts only.")
    if explanation.thresholds is None and len(explanation.labels) < 2:
        raise InputError("This network has a single label, so no other can take its place.")
    label = int(explanation.ranking()[0]) if label is None else int(label)
    search = _Search(subject_of(checkpoint, explanation), label, progress, most)
    best = [()]
    single = search.looked_at()
    found = [(i,) for i in single if search.turned((i,))]
    # The words that move the answer farthest by themselves; the others are not tried again.
    useful = sorted(single, key=lambda i: search.margin((i,)))[:EXTENSIONS]
    for size in range(1, most + 1):
        if found or not useful:
            break
        sets = {tuple(sorted({*words, i})) for words in best for i in useful if i not in words}
        search.run(sets, size)
        ranked = sorted(sets, key=search.margin)
        found = [words for words in ranked if search.turned(words)]
        best = ranked[:BEAM] or best
    small = {search.pruned(words) for words in found[:SHOWN]} if found else {best[0]}
    chosen = sorted(small, key=lambda words: (len(words), search.margin(words)))[:SHOWN]
    candidates = tuple(search.candidate(words) for words in chosen)
    search.finish()
    thresholds = explanation.thresholds
    return Flips(
        label=label,
        asserted=search.asserted,
        threshold=None if thresholds is None else float(thresholds[label]),
        found=bool(found),
        candidates=candidates,
        looked_at=len(single),
        words=len(search.free),
        tried=len(search.known) - 1,
        most=most,
    )


class _Search:
    """Every masked text that was tried, and its answer.

    Attributes:
        known: dict from sorted indices to probabilities `(L,)`.
        free: indices of the words that could be masked: those that the network knows.
        asserted: whether the network asserts the label of the text as it is.
    """

    def __init__(self, subject, label, progress, most):
        self.subject, self.label = subject, label
        self.free = np.flatnonzero(~subject.unheard).tolist()
        self.known = {}
        self._progress, self._most = progress, most
        self._total = min(len(self.free), LOOKED_AT) + most * BEAM * EXTENSIONS
        self.run([()], 0)
        self._sign = 1
        # At the threshold itself a label is asserted.
        self.asserted = self.margin(()) >= 0
        self._sign = 1 if self.asserted else -1

    def run(self, sets, size):
        """Try those that are new. `size`: how many words they have, for the progress."""
        new = [words for words in dict.fromkeys(sets) if words not in self.known]
        if not new:
            return
        removed = np.zeros((len(new), self.subject.steps), bool)
        for row, words in zip(removed, new, strict=True):
            row[list(words)] = True
        before = 0 if size == 0 else min(len(self.free), LOOKED_AT) + max(size - 2, 0) * BEAM * EXTENSIONS
        answers = self.subject.probabilities(removed, "mask", lambda done, _: self._tell(before + done))
        self.known.update(zip(new, answers, strict=True))

    def margin(self, words):
        """How far the answer is from turning: negative if it has turned."""
        p, explanation = self.known[words], self.subject.explanation
        if explanation.thresholds is not None:
            ahead = p[self.label] - explanation.thresholds[self.label]
        else:
            ahead = p[self.label] - np.delete(p, self.label).max()
        return float(self._sign * ahead)

    def turned(self, words):
        """Whether the answer has turned; a tie has not, whichever way."""
        return self.margin(words) < -_TIE

    def looked_at(self):
        """Indices of the words to try one by one, all tried: of a long text those in the stretches that matter most."""
        words = self.free
        if len(words) > LOOKED_AT:
            length = -(-len(words) // LOOKED_AT)
            stretches = [tuple(words[start : start + length]) for start in range(0, len(words), length)]
            self.run(stretches, 1)
            stretches.sort(key=self.margin)
            words = sorted(i for stretch in stretches[: LOOKED_AT // length] for i in stretch)
        self.run([(i,) for i in words], 1)
        return words

    def pruned(self, words):
        """The set without the words that it does not need, the least needed first."""
        while len(words) > 1:
            fewer = [tuple(w for w in words if w != word) for word in words]
            self.run(fewer, self._most)
            best = min(fewer, key=self.margin)
            if not self.turned(best):
                break
            words = best
        return words

    def candidate(self, words):
        """The set with its words in the order in which each does the most for the turn."""
        order, left = [], list(words)
        while left:
            steps = {word: tuple(sorted((*order, word))) for word in left}
            self.run(steps.values(), self._most)
            best = min(left, key=lambda word: self.margin(steps[word]))
            order.append(best)
            left.remove(best)
        path = [tuple(sorted(order[:count])) for count in range(len(order) + 1)]
        end = self.known[path[-1]]
        rival = -1
        if self.subject.explanation.thresholds is None:
            others = end.copy()
            others[self.label] = -1
            rival = int(others.argmax())
        return Candidate(
            words=tuple(order),
            probabilities=np.array([self.known[part][self.label] for part in path], np.float32),
            rival=rival,
            flipped=self.turned(path[-1]),
        )

    def finish(self):
        self._tell(self._total)

    def _tell(self, done):
        if self._progress is not None:
            self._progress(min(done, self._total), self._total)
