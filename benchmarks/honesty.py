"""README's table on which mechanism is honest, from the `honesty.json` that `python -m models honesty` left.

Run: `python -m benchmarks.honesty`. Nothing is measured here; figures of a network that has changed since are left out.
"""

from __future__ import annotations

from models.honesty import shelved

HEAD = (
    "| {} network | inputs | beyond chance: attention | occlusion | rank correlation of the two "
    "| supported, at least partly | moved by shuffling |"
)


def gain(mean):
    return "–" if mean is None else f"{mean.value:+.3f}"


def row(honesty):
    attention, occlusion = (honesty.evidence.get(name) for name in ("attention", "occlusion"))
    cells = [f"`{honesty.checkpoint}`", f"{honesty.n:,}{' (learned from)' if honesty.seen else ''}"]
    if attention is None or attention.taken is None:
        cells += ["–", gain(occlusion and occlusion.taken), "–", "–"]
    else:
        taken, found = attention.taken, attention.judgements
        agreement = occlusion and occlusion.agreement
        cells += [
            f"{gain(taken)} ({taken.low:+.3f} to {taken.high:+.3f})",
            gain(occlusion and occlusion.taken),
            "–" if agreement is None else f"{agreement.value:+.2f}",
            f"{found['supported'] + found['partly']:,} of {attention.testable:,}",
        ]
    cells.append("–" if honesty.shuffled is None else f"{honesty.shuffled.value:.2f}")
    return "| " + " | ".join(cells) + " |"


def best_first(honesty):
    attention = honesty.evidence.get("attention")
    return -attention.taken.value if attention and attention.taken else float("inf")


def table(modality):
    kept = sorted((kept.honesty for kept in shelved(modality) if not kept.stale), key=best_first)
    return "\n".join([HEAD.format(modality), "| --- |" + " ---: |" * 6, *map(row, kept)])


def main():
    print(table("speech"), table("text"), sep="\n\n")


if __name__ == "__main__":
    main()
