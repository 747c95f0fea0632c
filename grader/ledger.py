"""`docs/ledger.md`: what each section holds, when its tests were last proven and its cells on the real model last run.

    python -m grader.ledger                 count everything anew, keep the dates; part of `make release`
    python -m grader.ledger --prove [NAME]  prove the named sections, or all, and date them today
"""

from __future__ import annotations

import argparse
import datetime
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import claims, place
from .cases import find_cases
from .section.cells import tags
from .section.load import load, names
from .section.model import Section

HEAD = """# Ledger

The course follows a well-known interview guide, and the guide has errors. Every claim of it that a section touches is
listed in the section's `claims.md` with a verdict (*right*; *imprecise*: true with a condition that the guide leaves out;
*wrong*; *unverifiable*: no source decides it), the correct statement, its source, and the place where the course computes
or shows it. The section's `test_oracles.py` recomputes the numbers.

Beside the claims: exercises, graded aspects and points, wrong solutions that must fail, further right ones that must pass,
and the last time `grader prove` found all of that to hold. `make release` counts anew; `python -m grader.ledger --prove`
proves sections. The last two columns: how many cells run the real language model, and the last time `make real` saw all
of them finish within their limit.

| section | claims | exercises | aspects | points | mutants | variants | last proof | real cells | last run |
|---|---|---|---|---|---|---|---|---|---|
"""


NEVER = ("never", "never")
Dates = dict[str, tuple[str, str]]  # section -> last proof, last run of its real cells


def row(section: Section, proof: str, run: str) -> str:
    cases, _ = find_cases(section, section.path)
    checked = f"[{len(claims.of(section.name))}](../source/{section.name}/claims.md)"
    mutants = sum(c.mutant for c in cases)
    real = sum("real" in tags(cell) for cell in section.notebook.cells)
    return (f"| {section.name} | {checked} | {sum(e.stub_id not in (None, 'prediction') for e in section.exercises.values())} "
            f"| {len(section.graded)} | {section.points:g} | {mutants} | {len(cases) - mutants} | {proof} "
            f"| {real} | {run if real else '–'} |")


def ledger(dates: Dates) -> str:
    return HEAD + "\n".join(row(load(name), *dates.get(name, NEVER)) for name in names()) + "\n"


def dates(path: Path) -> Dates:
    """What the ledger says as it stands; whoever had no real cells yet has not run them."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in lines if re.match(r"\| \d\d-", line)]
    return {c[0]: (c[-3], c[-1].replace("–", "never")) for c in cells}


def path() -> Path:
    return place.root() / "docs" / "ledger.md"


def note_real(name: str, run: str) -> None:
    """Write down when the real cells of a section last ran well, or that they did not."""
    known = dates(path())
    known[name] = (known.get(name, NEVER)[0], run)
    path().write_text(ledger(known), encoding="utf-8")


def main(sections: Sequence[str]) -> None:
    """Count anew; prove and date the sections of these names."""
    known = dates(path())
    for name, ok in _proven(sections):
        proof = datetime.date.today().isoformat() if ok else "FAILED"
        known[name] = (proof, known.get(name, NEVER)[1])
    path().write_text(ledger(known), encoding="utf-8")


def _proven(sections: Sequence[str]) -> Iterator[tuple[str, bool]]:
    if sections:
        from .prove import prove
        from .sandbox.host import Warm
        with Warm() as warm:
            for name in sections:
                yield name, prove(load(name), warm)["ok"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prove", nargs="*", metavar="NAME", choices=names(), help="sections to prove; all without a name")
    wanted = parser.parse_args().prove
    main(names() if wanted == [] else wanted or [])
