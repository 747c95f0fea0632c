"""A full verdict on one notebook, for its owner."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import SectionError
from grader.sandbox.host import Warm
from grader.section.load import load

if TYPE_CHECKING:
    from grader.judge.verdict import Result


def judge_notebook(section_name: str, path: Path, exercise: str | None = None, *, warm: Warm | None = None) -> Result:
    """Judge the notebook at `path`, all of it or one exercise, in a process that does nothing else.

    warm: a warm parent that is there already

    Raises SectionError for an unknown section or exercise, SandboxError where no sandbox works.
    """
    # A new parent starts first: while it imports torch and the rest over there, this side does too.
    with contextlib.nullcontext(warm) if warm else Warm() as warm:
        section = load(section_name)
        if exercise is not None and exercise not in section.exercises:
            raise SectionError(f"{section_name} has no exercise {exercise!r}; it has {', '.join(section.exercises)}.")
        from grader.pool.jobs import Job, judge_job
        from grader.pool.local import become_judge
        become_judge(warm)
        only = None if exercise is None else frozenset({exercise})
        return judge_job(Job(section_name, path.stem, path=path, only=only), warm)
