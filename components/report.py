"""An explanation as one HTML file that opens without a network: picture, sound, tables, how to read it."""

from __future__ import annotations

import base64
import datetime
import hashlib
import html
import re
from typing import TYPE_CHECKING

from components import trust_wording, wording
from components.downloads import probabilities_table, steps_table
from models.explanation import Explanation

if TYPE_CHECKING:
    from models.trust import Trust

TOP_STEPS = 20
_DESCRIBED = ("step", "start_s", "end_s", "start", "end", "token", "known", "changed")

_STYLE = """
:root { color-scheme: light dark; --text: #1f2730; --quiet: #55606b; --ground: #ffffff; --line: #d5d9d9; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e4dd; --quiet: #a5adb5; --ground: #0e1117; --line: #39424a; }
}
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 72rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
.quiet { color: var(--quiet); }
.verdict { font-size: 1.15rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; }
details > summary { cursor: pointer; padding: .4rem 0; }
td.token { white-space: pre-wrap; }
@media print { details { display: none; } }
"""


def report(explanation: Explanation, trust: Trust | None = None) -> str:
    """One self-contained HTML page: no network, no server, sound included.

    With `trust`, the tests on this very explanation, it says under the picture how far to believe the map.

    A content security policy forbids every request and every script but the picture's own, so
    that neither a text nor a label can make the file do anything.

    Raises:
        InputError: the explanation cannot be drawn; see the components' `payload`.
    """
    picture = _picture(explanation)
    provenance = explanation.provenance
    name = provenance.input_name or ("A clip" if explanation.modality == "speech" else "A text")
    made = datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M %Z")
    body = [
        f"<h1>{_escape(name)}</h1>",
        f'<p class="quiet">Explained by Earmark {_escape(provenance.version)} on {_escape(made)}, '
        f"checkpoint {_escape(provenance.checkpoint)}.</p>",
        f'<p class="verdict">{_escape(wording.verdict(explanation))}</p>',
    ]
    if explanation.changed:
        body.append(f"<p>This is the answer with {_escape(wording.taken_away(explanation))}.</p>")
    body += [f"<p>{_escape(notice)}</p>" for notice in explanation.notices]
    body += [
        picture,
        f"<p>{_escape(wording.top_steps(explanation))}</p>",
        *_belief(trust),
        "<h2>How to read it</h2>",
        f"<p>{_escape(wording.ATTENTION[explanation.modality])}</p>",
        f"<p>{_escape(wording.CAUTION[explanation.modality])}</p>",
    ]
    if explanation.modality == "speech":
        body.append(f"<p>{_escape(wording.TRAINING_DIFFERS)}</p>")
    body += [
        "<h2>All labels</h2>",
        _table(probabilities_table(explanation)),
        "<h2>The steps with the most weight</h2>",
        *_steps(explanation),
        "<h2>Where this came from</h2>",
        _facts(explanation),
    ]
    policy = _policy(picture)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escape(name)} · Earmark</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _picture(explanation):
    # Imported here: each component may import Streamlit, which the command line does without.
    if explanation.modality == "speech":
        from components.player.payload import standalone
    else:
        from components.reader.payload import standalone
    return standalone(explanation, element_id="picture")


def _belief(trust):
    if trust is None:
        return
    yield "<h2>Does this map deserve belief?</h2>"
    word = trust_wording.LOOKS[trust.verdict.judgement][0]
    yield f"<p><strong>{_escape(word)}.</strong> {_escape(trust_wording.verdict(trust))}</p>"
    for alarm in trust.alarms:
        yield f"<p><strong>{_escape(alarm.seen)}</strong> {_escape(f'{alarm.why} {alarm.advice}')}</p>"


def _policy(fragment):
    scripts = re.findall(r"<script(?:\s[^>]*)?>(.*?)</script>", fragment, re.DOTALL)
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    allowed = hashes or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; media-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _escape(text):
    return html.escape(str(text), quote=True)


def _steps(explanation):
    table = steps_table(explanation)
    label = int(explanation.ranking()[0])
    yield '<div class="scroll">'
    if not explanation.attention or not len(table):
        yield "<p>This checkpoint gives no attention map.</p></div>"
        return
    map_ = explanation.attention[0]
    weights = map_.select(label=label)
    plain = table[[column for column in table.columns if column in _DESCRIBED]].assign(weight=weights)
    what = f"{map_.name}, for {explanation.labels[label]}" if "label" in map_.axes else map_.name
    what = ", ".join(filter(None, (what, wording.averaged(map_.axes, map_.weights.shape))))
    yield f'<p class="quiet">Map: {_escape(what)}. Evenly shared, each step would hold {1 / len(plain):.5f}.</p>'
    yield _table(plain.nlargest(TOP_STEPS, "weight"))
    yield "</div>"
    if len(plain) > TOP_STEPS:
        yield f'<details><summary>All {len(plain):,} steps</summary><div class="scroll">'
        yield _table(plain)
        yield "</div></details>"


def _table(frame):
    numeric = {c for c in frame.columns if frame[c].dtype.kind in "if"}

    def cell(column, value):
        if column in numeric:
            text = f"{value:.5f}" if column == "weight" else f"{value:.3f}" if isinstance(value, float) else str(value)
            return f'<td class="number">{text}</td>'
        text = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        return f"<td{' class=token' if column == 'token' else ''}>{_escape(text)}</td>"

    head = "".join(f'<th{" class=number" if c in numeric else ""} scope="col">{_escape(c)}</th>' for c in frame.columns)
    rows = (
        "<tr>" + "".join(cell(c, v) for c, v in zip(frame.columns, row, strict=True)) + "</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _facts(explanation):
    provenance = explanation.provenance
    rows = [
        *wording.facts(explanation),
        ("Checkpoint, SHA-256", provenance.checkpoint_hash),
        ("Input, SHA-256", provenance.input_hash),
    ]
    cells = "".join(f'<tr><th scope="row">{_escape(a)}</th><td>{_escape(b)}</td></tr>' for a, b in rows)
    return f'<div class="scroll"><table><tbody>{cells}</tbody></table></div>'
