"""A full verdict on one notebook, for its owner."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import SectionError
from grader.sandbox.host import Warm
from grader.section.cells import SOLUTION, aspect_of, exercise_of, grade_id
from grader.section.load import load
from grader.section.model import Section

from .progress import digest

if TYPE_CHECKING:
    from grader.judge.verdict import Cell, Result


def check_notebook(section_name: str, path: Path, exercise: str | None = None, *, warm: Warm | None = None) -> dict:
    """The document of `course check`: the verdict on the notebook at `path`, all of it or one exercise.

    warm: a warm parent that is there already

    In a process that does nothing else from then on.
    Raises SectionError for an unknown section or exercise, SandboxError where no sandbox works.
    """
    # A new parent starts first: while it imports torch and the rest over there, this side does too.
    with contextlib.nullcontext(warm) if warm else Warm() as warm:
        section = load(section_name)
        if exercise is not None and exercise not in section.exercises:
            raise SectionError(f"{section_name} has no exercise {exercise!r}; it has {', '.join(section.exercises)}.")
        from grader.pool.jobs import Job
        from grader.pool.worker import become_judge, judge_job  # torch
        become_judge(warm)
        only = None if exercise is None else frozenset({exercise})
        result = judge_job(Job(section_name, path.stem, path=path, only=only), warm)
        return result.to_json() | {"exercises": by_exercise(section, result)}


def by_exercise(section: Section, result: Result) -> dict[str, dict]:
    """What a learner's progress is made of: {exercise: {"score", "max_score", "passed", "attempt", "ratios"}}.

    attempt: the digest of the code that was judged; "" for the untouched stub, and where there is none
    ratios:  of the timed aspects that passed: {aspect: of the reference's time}
    """
    if result.notebook is None:
        return {}
    judged: dict[str, list[Cell]] = {}
    for cell in result.cells:
        if not section.graded[cell.grade_id].manual:
            judged.setdefault(exercise_of(cell.grade_id), []).append(cell)
    code = {grade_id(cell): cell.source for cell in result.notebook.cells if grade_id(cell)}
    return {exercise: {"score": sum(c.score or 0 for c in cells), "max_score": sum(c.points for c in cells),
                       "passed": all(c.verdict in ("pass", "undecided") for c in cells),
                       "attempt": _attempt(section, exercise, code.get(exercise, "")),
                       "ratios": {aspect_of(c.grade_id): c.ratio for c in cells if c.verdict == "pass" and c.ratio is not None}}
            for exercise, cells in judged.items()}


def _attempt(section: Section, exercise: str, code: str) -> str:
    if exercise not in section.stubs or not code:
        return ""
    untouched = digest(SOLUTION.sub("", section.stubs[exercise].source))
    return "" if digest(code) == untouched else digest(code)
