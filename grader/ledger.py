"""`docs/ledger.md`: what each section holds and when its tests were last proven.

    python -m grader.ledger          count everything anew, keep the dates of the proofs; part of `make release`
    python -m grader.ledger --prove  prove every section and date it today
"""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path

from . import place
from .prove import find_cases
from .section.load import load, names
from .section.model import Section

HEAD = """# Ledger

The course follows a well-known interview guide, and the guide has errors. Every claim of it that a section touches is
listed in the section's `claims.md` with a verdict (*right*; *imprecise*: true with a condition that the guide leaves out;
*wrong*; *unverifiable*: no source decides it), the correct statement, its source, and the place where the course computes
or shows it. The section's `test_oracles.py` recomputes the numbers.

Beside the claims: exercises, graded aspects and points, wrong solutions that must fail, further right ones that must pass,
and the last time `grader prove` found all of that to hold. `make release` counts anew; `python -m grader.ledger --prove`
proves all sections.

| section | claims | exercises | aspects | points | mutants | variants | last proof |
|---|---|---|---|---|---|---|---|
"""
CLAIM = re.compile(r"^\| S[\d.]+", re.M)


def row(section: Section, proof: str) -> str:
    cases, _ = find_cases(section, section.path)
    claims = section.path / "claims.md"
    checked = f"[{len(CLAIM.findall(claims.read_text(encoding='utf-8')))}](../source/{section.name}/claims.md)"
    mutants = sum(c.mutant for c in cases)
    return (f"| {section.name} | {checked} | {sum(e.stub_id not in (None, 'prediction') for e in section.exercises.values())} "
            f"| {len(section.graded)} | {section.points:g} | {mutants} | {len(cases) - mutants} | {proof} |")


def ledger(proofs: dict[str, str]) -> str:
    return HEAD + "\n".join(row(load(name), proofs.get(name, "never")) for name in names()) + "\n"


def dates(path: Path) -> dict[str, str]:
    """Section -> its last column in the ledger as it stands."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in lines if re.match(r"\| \d\d-", line)]
    return {c[0]: c[-1] for c in cells}


def main(prove_all: bool) -> None:
    path = place.root() / "docs" / "ledger.md"
    proofs = dates(path)
    if prove_all:
        from .prove import prove
        from .sandbox.host import Warm
        with Warm() as warm:
            for name in names():
                document = prove(load(name), warm)
                proofs[name] = datetime.date.today().isoformat() if document["ok"] else "FAILED"
    path.write_text(ledger(proofs))


if __name__ == "__main__":
    main("--prove" in sys.argv)
