"""What an explanation says, in plain sentences: for the page, the report and whoever cannot see the picture."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from components.map_payload import MANY
from models.explanation import Explanation

if TYPE_CHECKING:
    from models.receptive import ReceptiveField

ATTENTION = {
    "speech": (
        "Attention is how the network shares out its focus: every moment of the clip gets a weight, all weights "
        "add up to 1, and moments with more weight count for more in the answer."
    ),
    "text": (
        "Attention is how the network shares out its focus: for each label every word gets a weight, the weights "
        "of a label add up to 1, and words with more weight count for more in its answer."
    ),
}
CAUTION = {
    "speech": (
        "Attention shows where the network looked, not why it answered as it did. A moment can hold a lot of weight "
        "and still hardly matter. Put it to the test: mute a bright stretch and predict again, then mute a pale "
        "stretch of the same length. Only if the first changes the answer more does the map tell you something."
    ),
    "text": (
        "Attention shows where the network looked, not why it answered as it did. A word can hold a lot of weight and "
        "still hardly matter. Put it to the test: mask a bright word and predict again, then mask a pale one. "
        "Only if the first changes the answer more does the map tell you something."
    ),
}
TRAINING_DIFFERS = (
    "A network knows only the kind of speech it was trained on, which its card names: often actors in a quiet studio. "
    "A phone, a noisy room, acted or natural speech may differ from that, and the answer is then less to be trusted."
)

_LONGEST_LIST = 8
_LONGEST_WORD = 40
_MARKDOWN = frozenset("\\`*_{}[]()#+-.!|~$:<>&@/=^\"'")


def seconds(value: float) -> str:
    """A time for people: `3.42 s`, or `2:05 min` from one minute on."""
    if round(value, 2) < 60:
        return f"{value:.2f} s"
    whole = round(value)
    return f"{whole // 60}:{whole % 60:02d} min"


def probability(value: float) -> str:
    """`0.62`; what would round to nothing or to certainty is shown as `<0.01` or `>0.99`."""
    if 0 < value < 0.005:
        return "<0.01"
    if 0.995 <= value < 1:
        return ">0.99"
    return f"{value:.2f}"


def percent(share: float, digits: int = 0) -> str:
    """`62 %` of a share from 0 to 1."""
    return f"{100 * share:.{digits}f} %"


def verdict(explanation: Explanation) -> str:
    """One sentence with the prediction, no markup."""
    named = [f"{explanation.labels[i]} ({probability(explanation.probabilities[i])})" for i in explanation.ranking()]
    if explanation.thresholds is None:
        rest = f"; next comes {named[1]}" if len(named) > 1 else ""
        return f"The network answers {named[0]}{rest}."
    count = int(explanation.predicted().sum())
    if not count:
        return f"No label reaches its threshold; the closest is {named[0]}."
    chosen = [named[j] for j, i in enumerate(explanation.ranking()) if explanation.predicted()[i]]
    shown = ", ".join(chosen) if count <= 5 else ", ".join(chosen[:4]) + f" and {count - 4} more"
    many = "1 label reaches" if count == 1 else f"{count} labels reach"
    return f"{many} the threshold, out of {len(named)}: {shown}."


def change(explanation: Explanation, before: Explanation) -> str:
    """One sentence on what taking something away did to the label that was on top before."""
    top = int(before.ranking()[0])
    was, now = before.probabilities[top], explanation.probabilities[top]
    moved = "stays at" if probability(was) == probability(now) else f"went from {probability(was)} to"
    sentence = f"With {taken_away(explanation)}, {before.labels[top]} {moved} {probability(now)}"
    new_top = int(explanation.ranking()[0])
    if new_top != top and explanation.thresholds is None:
        sentence += f", and the answer is now {explanation.labels[new_top]}"
    return sentence + "."


def taken_away(explanation: Explanation) -> str:
    """What was muted or masked before predicting, as part of a sentence; long lists are cut short."""
    if explanation.modality == "speech":
        spans = [f"{start:.2f}–{end:.2f} s" for start, end in explanation.changed]
        return f"{_listed(spans, 'stretches')} muted"
    words = [f"“{_word(explanation, i)}”" for i in masked_tokens(explanation)]
    return f"{_listed(words, 'words')} masked"


def masked_tokens(explanation: Explanation) -> list[int]:
    """The indices of the masked tokens, ascending, each once; what lies outside the text is left out."""
    steps = len(explanation.units)
    return sorted({i for a, b in explanation.changed for i in range(max(int(a), 0), min(int(b), steps))})


def facts(explanation: Explanation, field: ReceptiveField | None = None) -> list[tuple[str, str]]:
    """What the model got, as `(name, value)` pairs.

    Args:
        field: of the network that explained a clip, where it is known.
    """
    steps = len(explanation.units)
    rows = []
    if explanation.audio is not None:
        audio = explanation.audio
        mixed = {2: "stereo, mixed to mono"}.get(audio.channels, f"{audio.channels} channels, mixed to mono")
        channels = "mono" if audio.channels == 1 else mixed
        rows.append(("The file", f"{audio.encoding}, {audio.sample_rate:,} Hz, {channels}, {seconds(audio.duration)}"))
        rows.append(("What the model heard", f"{audio.model_sample_rate:,} Hz mono"))
        whole = audio.used[0] <= 0 and audio.used[1] >= audio.duration - 0.01
        used = f"{seconds(audio.used[0])} to {seconds(audio.used[1])}; the silence around it is left out"
        rows.append(("Part used", "the whole clip" if whole else used))
        if steps:
            length = float(np.median(explanation.units.ends - explanation.units.starts))
            rows.append(("Steps", f"{steps:,} of {1000 * length:.0f} ms"))
        if field is not None:
            rows.append(("Each step hears", heard(field)))
        if explanation.track is not None:
            runs = len(explanation.windows)
            rows.append(("Answers", f"one a step; {runs} stretch{'es' * (runs != 1)} with one label on top"))
        elif len(explanation.windows) > 1:
            rows.append(("Windows", f"{len(explanation.windows)} overlapping ones, as the clip is longer than one"))
    else:
        known = explanation.units.known
        rows.append(("The text", f"{len(explanation.text or ''):,} characters"))
        rows.append(("Steps", f"{steps:,} words and signs"))
        if known is not None:
            unknown = int((~known).sum())
            alike = "; all of these look alike to it" if unknown > 1 else ""
            rows.append(("Unknown to the model", f"{unknown:,} of {steps:,}{alike}"))
    rows.append(("Checkpoint", f"{explanation.provenance.checkpoint} ({explanation.provenance.checkpoint_hash[:12]})"))
    stages = dict(explanation.provenance.milliseconds)
    if stages:
        total = stages.pop("total", sum(stages.values()))
        rows.append(("Time taken", f"{total:.0f} ms: " + ", ".join(f"{name} {ms:.0f}" for name, ms in stages.items())))
    return rows


def heard(field: ReceptiveField) -> str:
    """How much sound a step hears, layer by layer."""
    first, *_, last = field.stages
    value = f"{_milliseconds(last.hears)} of sound, with a new step every {_milliseconds(last.every)}"
    if len(field.stages) > 2:
        grown = (f"{_milliseconds(stage.hears)} after {stage.name.replace('_', ' ')}" for stage in field.stages[1:])
        value += f" ({_milliseconds(first.hears)} in a frame, {', '.join(grown)})"
    if field.mixed_by:
        value += (
            f"; {field.mixed_by} pass on what was before and after, so what is weighed at a moment carries "
            "traces of the whole clip"
        )
    return value


def _milliseconds(seconds):
    return f"{1000 * seconds:.0f} ms"


def averaged(axes, shape) -> str:
    """What a picture of a map with those axes averages over, e.g. "average of 3 heads"; empty where it is nothing."""
    many = [f"{size:,} {MANY[axis]}" for axis, size in zip(axes, shape, strict=True) if axis in MANY]
    return f"average of {' and '.join(many)}" if many else ""


def top_steps(explanation: Explanation, label: int | None = None, count: int = 5) -> str:
    """One sentence that reads the picture out: the steps with the most weight, in the first map."""
    if not explanation.attention or not len(explanation.units):
        return "There is no attention to show."
    map_ = explanation.attention[0]
    label = int(explanation.ranking()[0]) if label is None else label
    weights = map_.select(label=label)
    order = np.argsort(-weights, kind="stable")[:count]
    what = f"For {explanation.labels[label]}, the" if "label" in map_.axes else "The"
    many, over = len(order) > 1, averaged(map_.axes, map_.weights.shape)
    behind = f", on the {over}" if over else ""
    if explanation.modality == "speech":
        named = [f"{explanation.units.starts[i]:.2f} s ({100 * weights[i]:.1f} %)" for i in order]
        return f"{what} most attended {'moments are' if many else 'moment is'} at {_listed(named)}{behind}."
    named = [f"“{_word(explanation, i)}” ({100 * weights[i]:.1f} %)" for i in order]
    return f"{what} most attended {'words are' if many else 'word is'} {_listed(named)}{behind}."


def _word(explanation, index):
    start, end = explanation.units.starts[index], explanation.units.ends[index]
    word = (explanation.text or "")[start:end]
    word = word if len(word) <= _LONGEST_WORD else word[: _LONGEST_WORD - 1] + "…"
    # Isolated, a word from right to left cannot drag the numbers after it to its other side.
    leftwards = any(unicodedata.bidirectional(c) in ("R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO") for c in word)
    return f"\u2068{word}\u2069" if leftwards else word


def _listed(parts, what=""):
    if not parts:
        return "nothing"
    if len(parts) > _LONGEST_LIST:
        rest = len(parts) - _LONGEST_LIST + 1
        parts = [*parts[: _LONGEST_LIST - 1], f"{rest:,} more {what}".rstrip()]
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def plain(text: str) -> str:
    """Text that Markdown shows as it stands: no link, no picture, no formula comes out of a user's file name."""
    return "".join("\\" + c if c in _MARKDOWN else c for c in text)


def lower_headings(markdown: str) -> str:
    """A document's Markdown with its headings two levels down, to stand under a heading of a page."""
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    parts[::2] = [re.sub(r"^#", "###", part, flags=re.MULTILINE) for part in parts[::2]]
    return "".join(parts)
