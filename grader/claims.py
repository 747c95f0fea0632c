"""`docs/claims.md`: what the guide claims, counted by verdict, and its worst errors. Read from the sections' `claims.md`.

    python -m grader.claims    write it anew; part of `make release`
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from . import place
from .section.load import names

HEAD = """# What the guide claims

The course follows an interview guide. Each of its claims that a section touches was checked: against a paper, a library's
source or a reference implementation, or by arithmetic that a test repeats. The sections' pages have them all; here they are
counted, and below stand the ones that would cost most, in an interview or in production.

*Right*: as it stands. *Imprecise*: true under a condition that the guide leaves out. *Wrong*: a reader would decide or build
wrongly. *Unverifiable*: no source decides it, so it is not taught. *Other*: dated, left out by the guide, or a matter of taste.

"""
VERDICTS = ("right", "imprecise", "wrong", "unverifiable", "other")
WORST = """
    S14.2 S14.1 S14.3 S14.14 S14.12 S14.15 S14.7 S14.5 S10.2 S10.6 S4.4 S4.8 S5.4 S5.5 SU1.15 S23.16 SU1.9 SU1.20 SU1.4
    SU2.2 SU2.6 SU2.11 S6.3 S16.8 S16.13 S17.5 S17.10 S17.24 S17.29 S18.8 S18.10 S18.19 S19.2 S19.3 S20.9 S22.6 S22.10
    S12.6 S12.7 S28.9 S28.11 S28.16 S26.5 S8.8 S15.6 S9.9 S24.15 S27.12 S25m.10 S25a.22
""".split()
ROW = re.compile(r"\| (S[A-Za-z\d]*\.\d+[a-z]?) \|")


@dataclass(frozen=True)
class Claim:
    """A row of a section's page. verdict: one of VERDICTS, by the first word of what stands there."""

    id: str
    section: str
    claim: str
    verdict: str
    correct: str


def claims() -> list[Claim]:
    """All, in the order of the course."""
    return [claim for section in names() for claim in of(section)]


def of(section: str) -> list[Claim]:
    """Those of one section."""
    page = place.root() / "source" / section / "claims.md"
    found = []
    for line in page.read_text(encoding="utf-8").splitlines() if page.is_file() else ():
        if ROW.match(line):
            id_, claim, verdict, correct = (part.strip() for part in re.split(r"(?<!\\)\|", line)[1:5])
            found.append(Claim(id_, section, claim, _verdict(verdict), correct))
    return found


def _verdict(words: str) -> str:
    first = words.split()[0].strip(",;") if words else ""
    return first if first in VERDICTS else "other"


def document() -> str:
    everything = claims()
    by_id = {c.id: c for c in everything}
    rows = [_counts(f"[{s}](../source/{s}/claims.md)", [c for c in everything if c.section == s]) for s in names()]
    worst = [by_id[id_] for id_ in WORST if id_ in by_id]
    return "\n".join([
        f"{HEAD}| section | claims | {' | '.join(VERDICTS)} |", "|---" * (2 + len(VERDICTS)) + "|", *rows,
        _counts("**all**", everything), "", f"## The {len(worst)} worst", "",
        "| | claim of the guide | what is right |", "|---|---|---|",
        *(f"| [{c.section[3:]}](../source/{c.section}/claims.md) {c.id} | {c.claim} | {c.correct} |" for c in worst), ""])


def _counts(label: str, some: list[Claim]) -> str:
    count = Counter(c.verdict for c in some)
    return f"| {label} | {len(some)} | {' | '.join(str(count[v]) for v in VERDICTS)} |"


if __name__ == "__main__":
    (place.root() / "docs" / "claims.md").write_text(document(), encoding="utf-8")
