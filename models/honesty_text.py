"""One checkpoint's honesty as plain text, for the command line."""

from __future__ import annotations

from models.honesty import Honesty
from models.needed import TOLERANCE
from models.trust import JUDGEMENTS

_SEEN = {
    True: "CLIPS OR TEXTS IT LEARNED FROM: what it does on new ones may differ",
    False: "it did not learn from them",
    None: "whether it learned from them is not known",
}


def table(honesty: Honesty) -> str:
    """Lines of tab-separated figures, each with its interval and sample size."""
    h = honesty
    size = f"{h.n:,} of {h.of:,} inputs" + (f" ({h.skipped:,} more could not be read)" if h.skipped else "")
    lines = [
        f"{h.checkpoint}: {h.title}",
        f"{h.inputs}: {size}; {_SEEN[h.seen]}",
        f"steps taken or kept: {', '.join(f'{f:.0%}' for f in h.fractions)}; up to {h.orders} random orders, seed "
        f"{h.seed}",
        "",
        "\t".join(("order", "beyond chance: taken", "kept", *JUDGEMENTS, "rank correlation with attention")),
    ]
    rows = [(name, evidence) for name, evidence in h.evidence.items()]
    if h.elsewhere is not None:
        rows.insert(1, ("attention against its pattern elsewhere", h.elsewhere))
    for name, evidence in rows:
        said = (str(evidence.judgements[judgement]) for judgement in JUDGEMENTS)
        lines.append(
            "\t".join((name, _figure(evidence.taken), _figure(evidence.kept), *said, _figure(evidence.agreement)))
        )
    lines.append("")
    if not h.map:
        lines.append("This network has no attention; the rows above are those of other witnesses.")
    for title, figure in (
        ("answer moves when weights are shuffled (total variation)", h.shuffled),
        ("answer moves with even weights", h.uniform),
        (f"share of inputs where even weights keep the answer within {TOLERANCE}", h.uniform_keeps),
        ("share of inputs where very different weights keep it", h.found),
        ("entropy of attention, 0 one step, 1 even", h.entropy),
        ("AUPRC against people's marks", h.marks),
        ("the same by chance", h.marks_by_chance),
    ):
        if figure is not None:
            lines.append(f"{title}\t{_figure(figure)}\tn = {figure.n:,}")
    lines += [f"alarm: {kind}\t{count:,} inputs" for kind, count in h.alarms.items()]
    lines.append(f"{h.seconds:,.0f} seconds of processor time")
    return "\n".join(lines) + "\n"


def _figure(mean):
    return "–" if mean is None else f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"
