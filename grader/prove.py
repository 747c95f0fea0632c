"""The proof that a section's tests are good: they pass what is right and fail what is wrong.

Through the judge run the reference solution (all points), the untouched release (none), every mutant (must lose a
point of its exercise) and every variant (must lose none).
"""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from .judge.verdict import Result
from .pool.jobs import Job
from .pool.local import Local
from .sandbox.host import Warm
from .section.build import release_notebook
from .section.cells import defined_names, grade_id
from .section.model import Section

REFERENCE, STUB = "reference", "stub"


@dataclass(frozen=True)
class Case:
    """A wrong or another right solution. `timed`: it is about speed."""

    name: str
    exercise: str
    source: str
    names: tuple[str, ...]
    mutant: bool
    timed: bool

    @property
    def key(self) -> str:
        return f"{'mutants' if self.mutant else 'variants'}/{self.name}"


def prove(section: Section, warm: Warm, cases: Path | None = None, workers: int | None = None,
          progress: Callable[[int, int], None] = lambda done, total: None) -> dict:
    """Run the proof; returns the document that `grader prove --json` prints.

    cases: a directory whose mutants/ and variants/ are taken in place of the section's own
    """
    start = time.monotonic()
    found, skipped = find_cases(section, cases or section.path)
    jobs = list(_jobs(section, found))
    results: dict[str, Result] = {}
    for result in Local(warm, workers).judge_all(jobs):
        results[result.student] = result
        progress(len(results), len(jobs))
    exercises = [_exercise(section, e.id, found, results) for e in section.exercises.values()
                 if any(not g.manual for g in e.graded)]
    ok = all(e["reference"] == e["points"] and e["stub"] == 0 and all(m["killed"] for m in e["mutants"])
             and all(v["accepted"] for v in e["variants"]) for e in exercises)
    return {"section": section.name, "ok": ok, "seconds": round(time.monotonic() - start, 1),
            "isolation": str(warm.isolation), "skipped": skipped, "exercises": exercises}


def find_cases(section: Section, folder: Path) -> tuple[list[Case], list[dict]]:
    """The cases in a folder, and those that do not fit the section, each with a reason."""
    cases, skipped = [], []
    for kind in ("mutants", "variants"):
        for path in sorted((folder / kind).glob("*.py")):
            try:
                cases.append(_read_case(section, path, mutant=kind == "mutants"))
            except ValueError as e:
                skipped.append({"name": f"{kind}/{path.stem}", "reason": str(e)})
    return cases, skipped


def _read_case(section: Section, path: Path, mutant: bool) -> Case:
    source = path.read_text(encoding="utf-8")
    try:
        doc = ast.get_docstring(ast.parse(source)) or ""
    except SyntaxError as e:
        raise ValueError(f"line {e.lineno} is not Python: {e.msg}") from None
    names = tuple(n for n in defined_names(source) if n in section.names)
    exercise = path.stem.split("__")[0]
    if exercise not in section.exercises:
        exercise = section.names.get(exercise) or (section.names[names[0]] if names else "")
    if not exercise or not names:
        raise ValueError(f"{section.name} has no exercise {path.stem.split('__')[0]!r}, or the case defines none of its names")
    return Case(path.stem, exercise, source, names, mutant, doc.lower().startswith("timed:"))


def compose(section: Section, case: Case) -> str:
    """The reference notebook with the case's definitions in place of its own, as text."""
    stubs = {section.names[name] for name in case.names} | {case.exercise}
    cells = [{**cell, "source": f"{cell.source}\n\n{case.source}"} if grade_id(cell) in stubs and cell.cell_type == "code"
             else cell for cell in section.notebook.cells]
    return json.dumps({**section.notebook, "cells": cells})


def _jobs(section: Section, cases: list[Case]) -> Iterator[Job]:
    yield Job(section.name, REFERENCE, text=nbformat.writes(section.notebook))
    yield Job(section.name, STUB, text=nbformat.writes(release_notebook(section)))
    for case in cases:
        yield Job(section.name, case.key, text=compose(section, case), only=frozenset({case.exercise}), timed=case.timed,
                  bare=True)


def _exercise(section: Section, exercise: str, cases: list[Case], results: dict[str, Result]) -> dict:
    def cells(name: str):
        return [c for c in results[name].cells if c.grade_id.split("__")[0] == exercise and c.score is not None]

    def score(name: str) -> float:
        return sum(c.score for c in cells(name))

    def case_report(case: Case) -> dict:
        lost = {c.grade_id: f"{c.verdict}: {c.message}" for c in cells(case.key) if c.verdict != "pass"}
        full = not lost
        slow = any(c.verdict == "too_slow" for c in cells(case.key))
        good = ({"killed": slow if case.timed else not full} if case.mutant else {"accepted": full})
        return {"name": case.name, "score": score(case.key), **good, "timed": case.timed, "lost": lost}

    mine = [c for c in cases if c.exercise == exercise]
    return {"id": exercise, "points": sum(g.points for g in section.exercises[exercise].graded if not g.manual),
            "reference": score(REFERENCE), "stub": score(STUB),
            "mutants": [case_report(c) for c in mine if c.mutant],
            "variants": [case_report(c) for c in mine if not c.mutant],
            "messages": {c.grade_id: f"{c.verdict}: {c.message}" for c in cells(REFERENCE) if c.verdict != "pass"}}
