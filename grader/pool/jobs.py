"""A job: one notebook to judge. Small and plain, so that it can travel to another process or machine.

What comes back is the verdict; only the caller writes grades down.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from ..intake.notebook import from_text
from ..intake.repair import Step
from ..intake.submissions import Received, receive, received
from ..judge.verdict import Cell, Result, wanted, without_verdict
from ..sandbox.limits import Limits
from ..sandbox.probe import Isolation
from ..section.load import load
from ..section.model import Graded, Section

DEADLY = "grading it ended the process that judged it, each time that it was tried"
Work = TypeVar("Work")
Done = TypeVar("Done")


class Judges(Protocol):
    """Where notebooks are judged: processes of this machine (local.py), or a cluster (cluster.py)."""

    @property
    def isolation(self) -> Isolation | str:
        """How strong the sandbox is there, for a person."""

    def judge_all(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """The verdicts, as they come: one for each job, whatever becomes of those who judge it."""


@dataclass(frozen=True)
class Job:
    """One notebook to judge, given as text, as a path that the worker reads, or read already.

    path:  a notebook, or the folder in which a learner handed one in
    name:  the student, or whatever the caller wants back with the result
    only:  exercises or single aspects to judge; None for all
    bare:  the verdicts alone come back, without the notebook that they are on
    steps: what to do, in place of a notebook that says it; only with these, `until` ends it, as for `judge_steps`
    """

    section: str
    name: str
    path: Path | None = None
    text: str | None = None
    received: Received | None = field(default=None, repr=False)
    only: frozenset[str] | None = None
    timed: bool = True
    bare: bool = False
    steps: tuple[Step, ...] | None = field(default=None, repr=False)
    until: str = ""
    limits: Limits = field(default_factory=Limits)


def receive_job(job: Job, section: Section) -> Received:
    """The notebook of a job."""
    if job.received is not None:
        return job.received
    if (text := job.text) is not None:
        return received(lambda: from_text(text, job.name), text.encode())
    assert job.path is not None, "a job has its notebook as text, as a path, or read already"
    return receive(job.path, section)


def unjudged(job: Job, verdict: str, why: str) -> Result:
    """The result of a job that nobody could judge."""
    return without_verdict(job.name, wanted(load(job.section), job.only, job.timed), verdict, why)


def merge(section: Section, parts: list[Result]) -> Result:
    """One submission of parts whose aspects were judged apart; an aspect that nobody judged is undecided."""
    cells = {c.grade_id: c for part in parts for c in part.cells}
    whole = Result(parts[0].student, [cells.get(g.grade_id) or _not_judged(g) for g in section.graded.values()])
    whole.status = next((p.status for p in parts if p.status != "graded"), "graded")
    whole.repairs = next((p.repairs for p in parts if p.repairs), [])
    whole.outputs = next((p.outputs for p in parts if p.outputs), {})
    whole.notebook, whole.digest = parts[0].notebook, parts[0].digest
    whole.seconds = sum(p.seconds for p in parts)
    return whole


def _not_judged(graded: Graded) -> Cell:
    why = "not timed yet: grade again without --no-timed" if graded.timed else "not judged yet: grade again"
    return Cell(graded.grade_id, graded.points, 0.0, "undecided", why)


def each_alone(suspects: Iterable[Work], judge_round: Callable[[list[Work]], Generator[Done, None, list[Work]]],
               deadly: Callable[[Work], Done]) -> Iterator[Done]:
    """When judges died, try alone each of those that they may have died of: who does it again gets `deadly`'s verdict."""
    for suspect in suspects:
        for killer in (yield from judge_round([suspect])):
            yield deadly(killer)
