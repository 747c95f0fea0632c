"""The proof that a section's tests are good: they pass what is right and fail what is wrong.

Through the judge run the reference solution (all points), the untouched release (none), every mutant (must lose a
point of its exercise) and every variant (must lose none). Reference and release go the whole way of a submission. A case
takes the short way: the same judge runs the cells that its exercise needs and the aspects of that exercise, and is done
with a mutant that has lost one.

A section's own proof asks for its form first (lint, skeleton) and for cases enough; cases from outside are only tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat

from .cases import Case, find_cases, steps_of
from .errors import BuildError
from .judge.verdict import Result
from .pool.jobs import Job
from .pool.local import Local
from .sandbox.host import Warm
from .section.build import release_notebook
from .section.cells import exercise_of
from .section.lint import lint
from .section.model import Section
from .section.skeleton import skeleton

REFERENCE, STUB = "reference", "stub"
TRIES = 3
FEWEST = {"mutants": 6, "variants": 2}  # cases of an exercise


def prove(section: Section, warm: Warm, cases: Path | None = None, workers: int | None = None,
          progress: Callable[[int, int], None] = lambda done, total: None, full: bool = False) -> dict:
    """Run the proof; returns the document that `grader prove --json` prints.

    cases: a directory whose mutants/ and variants/ are taken in place of the section's own
    full:  judge a mutant to its end; else its score is what it had earned, and `lost` holds what it had lost, when it
           was dead. Cases from outside always are, for their scores may be wanted
    """
    start = time.monotonic()
    if broken := lint(section):
        raise BuildError(broken)
    found, skipped = find_cases(section, cases or section.path)
    jobs = list(_jobs(section, found, full or cases is not None))
    results: dict[str, Result] = {}
    left = jobs
    for _ in range(TRIES):  # a duel that a busy machine left undecided is no verdict: it is fought again
        for result in Local(warm, workers).judge_all(left):
            results[result.student] = result
            progress(len(results), len(jobs))
        left = [job for job in left if any(c.verdict == "undecided" for c in results[job.name].cells)]
        if not left:
            break
    exercises = [_exercise(section, e.id, found, results) for e in section.exercises.values()
                 if any(not g.manual for g in e.graded)]
    complaints = [] if cases else [*skeleton(section), *_case_complaints(section, found, skipped)]
    ok = not complaints and all(e["reference"] == e["points"] and e["stub"] == 0 and all(m["killed"] for m in e["mutants"])
             and all(v["accepted"] for v in e["variants"]) for e in exercises)
    return {"section": section.name, "ok": ok, "seconds": round(time.monotonic() - start, 1),
            "isolation": str(warm.isolation), "skipped": skipped, "complaints": complaints,
            "exercises": exercises}


def _case_complaints(section: Section, cases: list[Case], skipped: list[dict]) -> Iterator[str]:
    """What a section's own cases lack, in sentences."""
    for case in skipped:
        yield f"{case['name']}.py was skipped: {case['reason']}."
    for exercise in section.exercises.values():
        if exercise.stub_id in (None, "prediction"):
            continue
        for what, fewest in FEWEST.items():
            count = sum(c.exercise == exercise.id and c.mutant == (what == "mutants") for c in cases)
            if count < fewest:
                yield f"{exercise.id} has {count} {what}, at least {fewest} are needed."


def _jobs(section: Section, cases: list[Case], full: bool) -> Iterator[Job]:
    yield Job(section.name, REFERENCE, text=nbformat.writes(section.notebook), bare=True)
    yield Job(section.name, STUB, text=nbformat.writes(release_notebook(section)), bare=True)
    for case in cases:
        dead = "" if full or not case.mutant else "too_slow" if case.timed else "lost"
        yield Job(section.name, case.key, steps=steps_of(section, case), only=frozenset({case.exercise}), timed=case.timed,
                  bare=True, until=dead)


def _exercise(section: Section, exercise: str, cases: list[Case], results: dict[str, Result]) -> dict:
    def cells(name: str):
        return [c for c in results[name].cells if exercise_of(c.grade_id) == exercise and c.score is not None]

    def score(name: str) -> float:
        return sum(c.score for c in cells(name))

    def case_report(case: Case) -> dict:
        lost = {c.grade_id: f"{c.verdict}: {c.message}" for c in cells(case.key) if c.verdict != "pass"}
        full = not lost
        slow = any(c.verdict == "too_slow" for c in cells(case.key))
        good = ({"killed": slow if case.timed else not full} if case.mutant else {"accepted": full})
        return {"name": case.name, "score": score(case.key), **good, "timed": case.timed, "lost": lost}

    mine = [c for c in cases if c.exercise == exercise]
    return {"id": exercise, "points": section.exercises[exercise].judged_points,
            "reference": score(REFERENCE), "stub": score(STUB),
            "mutants": [case_report(c) for c in mine if c.mutant],
            "variants": [case_report(c) for c in mine if not c.mutant],
            "messages": {c.grade_id: f"{c.verdict}: {c.message}" for c in cells(REFERENCE) if c.verdict != "pass"}}
