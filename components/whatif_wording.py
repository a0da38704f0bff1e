"""What-ifs in plain words: what each change is, and what it did to the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from components.wording import probability

if TYPE_CHECKING:
    from models.explanation import Explanation
    from models.flips import Candidate, Flips
    from models.sweeps import Sweep

# For each kind: its name on the page, and what it does to the sound.
KINDS = {
    "silence": (
        "Silence by attention",
        "Mutes the fifth of the clip that the network attended to most; then the same pattern of stretches moved to a "
        "random place; then the fifth it attended to least. If the map tells the truth, the first should hurt most.",
    ),
    "pitch": ("Pitch", "Makes the voice higher or lower at the same tempo. Two semitones are a whole tone."),
    "tempo": ("Tempo", "Makes the speech slower or faster at the same pitch."),
    "loudness": (
        "Loudness",
        "Turns the clip down or up. The network measures energy against the clip's own mean, so only what is cut flat "
        "at full scale should change the answer.",
    ),
    "noise": (
        "Noise",
        "Adds white noise. The signal-to-noise ratio says how far the clip's mean power lies above the noise: 30 dB is "
        "hardly heard, at 0 dB both are equally loud.",
    ),
    "reverberation": (
        "Room",
        "Puts the voice into a made-up room. RT60 is the time that its echo takes to fall by 60 dB: 0.4 s is a living "
        "room, 2 s a church.",
    ),
    "band": (
        "Bandwidth",
        "Takes away what lies above a frequency. 3,400 Hz is an old telephone, which also lacks all below 300 Hz.",
    ),
}
FLIPS = (
    "Which words would have to go for the answer to turn? Every word is masked by itself; then words are masked "
    "together, a few candidates side by side, until the answer turns; then each word that was not needed is given "
    "back. The search is bounded to {most} words: what it finds works, but a smaller set may exist, and finding none "
    "proves nothing."
)


def variant_name(sweep: Sweep, index: int) -> str:
    """What to call a variant: `as it is`, `+2 semitones`, `10 dB SNR`, `0.80 s RT60`, `telephone (300–3,400 Hz)`."""
    variant = sweep.variants[index]
    if index == sweep.original:
        return "as it is"
    if sweep.kind == "silence":
        return f"{variant.name} silenced"
    value = variant.value
    if sweep.kind == "band":
        return "telephone (300–3,400 Hz)" if value == 3400 else f"up to {value:,.0f} Hz"
    return {
        "pitch": f"{value:+g} semitones",
        "tempo": f"{value:g} × tempo",
        "loudness": f"{value:+g} dB",
        "noise": f"{value:g} dB SNR",
        "reverberation": f"{value:g} s RT60",
    }[sweep.kind].replace("-", "−")


def sweep(sweep: Sweep) -> str:
    """One or two sentences: what happened to the answer over the variants."""
    rows = np.array([variant.probabilities for variant in sweep.variants])
    label = int(rows[sweep.original].argmax())
    own = rows[:, label]
    named = [f"{variant_name(sweep, i)} {probability(p)}" for i, p in enumerate(own)]
    turned = [i for i in range(len(rows)) if rows[i].argmax() != label]
    start = f"The probability of {sweep.labels[label]}: {', '.join(named)}."
    if not turned:
        return f"{start} It stays the most probable label throughout."
    changes = ", ".join(f"{sweep.labels[int(rows[i].argmax())]} ({variant_name(sweep, i)})" for i in turned)
    return f"{start} Another label is the most probable one in {len(turned)} of {len(rows) - 1} variants: {changes}."


def answer(sweep: Sweep, index: int) -> str:
    """The most probable label of a variant, with its probability."""
    p = sweep.variants[index].probabilities
    return f"{sweep.labels[int(p.argmax())]} ({probability(p.max())})"


def flips(found: Flips, explanation: Explanation) -> str:
    """What the search found, and what that does and does not mean."""
    label = explanation.labels[found.label]
    looked = (
        f"{found.tried:,} masked texts were tried"
        if found.looked_at == found.words
        else f"{found.tried:,} masked texts were tried, with {found.looked_at:,} of {found.words:,} words looked at "
        "one by one"
    )
    first = found.candidates[0]
    if not first.words:
        return f"There is no word here that the network knows, so none can be masked ({looked})."
    if not found.found:
        return (
            f"No set of up to {found.most} words was found that turns the answer on {label}; the nearest takes its "
            f"probability from {probability(first.probabilities[0])} to {probability(first.probabilities[-1])}. "
            f"{looked}; that is no proof that there is none."
        )
    count = len(first.words)
    what = "one word is" if count == 1 else f"{count} words are"
    if found.threshold is None:
        then = f"another label, {explanation.labels[first.rival]}, wins" if found.asserted else f"{label} wins"
    else:
        then = f"falls below its threshold of {found.threshold:.2f}"
        then = then if found.asserted else f"reaches its threshold of {found.threshold:.2f}"
        then = f"{label} {then}"
    same = sum(len(candidate.words) == count for candidate in found.candidates)
    others = f" {same} such sets are shown." if same > 1 else ""
    return f"When {what} masked, {then}.{others} {looked}; a smaller set may still exist."


def path(found: Flips, candidate: Candidate, explanation: Explanation) -> str:
    """What each step of a candidate did, in one sentence."""
    steps = zip(words(candidate, explanation), candidate.probabilities[1:], strict=True)
    told = ", then ".join(f"without “{word}” {probability(p)}" for word, p in steps)
    start = probability(candidate.probabilities[0])
    return f"Probability of {explanation.labels[found.label]}: {start} with all words, {told}."


def words(candidate: Candidate, explanation: Explanation) -> list[str]:
    """The masked words as typed, in the order in which they were masked."""
    text, units = explanation.text or "", explanation.units
    return [text[units.starts[i] : units.ends[i]] for i in candidate.words]


def context(explanation: Explanation, index: int, around: int = 4) -> tuple[str, str, str]:
    """A word with up to `around` words before and behind it, as typed, in one line."""
    text, units = explanation.text or "", explanation.units
    first, last = max(index - around, 0), min(index + around, len(units) - 1)
    before = text[units.starts[first] : units.starts[index]]
    behind = text[units.ends[index] : units.ends[last]]
    before, behind = (" ".join(part.split()) for part in (before, behind))
    lead = "… " if first else ""
    tail = " …" if last < len(units) - 1 else ""
    return f"{lead}{before}", text[units.starts[index] : units.ends[index]], f"{behind}{tail}"
