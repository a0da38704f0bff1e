"""Syllables (or words, phones) with their start times, and the share of attention that each got."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from models.errors import InputError
from models.explanation import Explanation
from models.frontend import plaintext
from models.regroup import regroup

END = "."  # EMO-DB's label for where the last syllable ends
MOST = 5_000
_LINE = re.compile(r"(\S+?)\s*[\t,; ]\s*(\S.*)")


@dataclass(frozen=True)
class Syllable:
    """A label from `start` to `end`, seconds of the clip."""

    label: str
    start: float
    end: float


@dataclass(frozen=True)
class Share:
    """A syllable, the share of the map's weight on it, and the mean weight of a step there in times the uniform one."""

    syllable: Syllable
    share: float
    times_uniform: float


def read(data: bytes, duration: float) -> tuple[Syllable, ...]:
    """Syllables of a file with a start in seconds and a label in each line, as EMO-DB's `silb` files have.

    Between the two stands a tab, a comma, a semicolon or spaces. A syllable lasts to the next start; the label
    “.” marks a pause or the end. What lies behind the end of the clip is left out.

    Args:
        duration: of the clip, seconds.

    Raises:
        InputError: no such file; the message names the line.
    """
    starts, labels = [], []
    for number, line in enumerate(plaintext.decode(data).splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        start = _seconds(match[1]) if match else None
        if start is None and not starts and match:
            continue  # a line of headings
        if start is None:
            raise InputError(
                f"Line {number} of the syllables is not a start in seconds and a label, such as “0.25<tab>pen”."
            )
        if starts and start < starts[-1]:
            raise InputError(f"Line {number} of the syllables starts before the line above. Sort them by time.")
        starts.append(start)
        labels.append(match[2].strip())
        if len(starts) > MOST:
            raise InputError(f"This file has more than {MOST:,} lines of syllables. Cut it to this clip.")
    found = tuple(
        Syllable(label, start, min(end, duration))
        for label, start, end in zip(labels, starts, [*starts[1:], duration], strict=False)
        if label != END and start < min(end, duration)
    )
    if not found:
        raise InputError("This file holds no syllable within this clip: each line is a start in seconds and a label.")
    return found


def shares(explanation: Explanation, syllables) -> tuple[tuple[Share, ...], float]:
    """Sum the explanation's first map over syllables.

    Of a map with a row a label the most probable label's counts; a step on the border of two syllables is
    shared by its overlap with each.

    Returns:
        The shares, and the weight outside of all syllables; together they are the map's sum, 1.

    Raises:
        InputError: there is no map, or it is not of speech.
    """
    if explanation.modality != "speech" or not explanation.attention:
        raise InputError("Syllables need a voice clip and a network with attention. Choose another checkpoint.")
    weights = explanation.attention[0].select(label=int(explanation.ranking()[0])).astype(np.float64)
    units = explanation.units
    starts, ends = (np.array([getattr(s, end) for s in syllables]) for end in ("start", "end"))
    sums = regroup(weights, units.starts, units.ends, starts, ends)
    step = float(np.mean(units.ends - units.starts))
    ratio = sums * len(units) * step / (ends - starts)
    rows = tuple(Share(s, float(a), float(b)) for s, a, b in zip(syllables, sums, ratio, strict=True))
    return rows, max(float(weights.sum() - sums.sum()), 0.0)


def _seconds(text):
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
