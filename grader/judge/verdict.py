"""What judging one submission gives: a verdict and a message per graded cell, as data."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from ..intake.text import clean

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from ..intake.submissions import Received
    from ..section.model import Graded, Section

VERDICTS = ("pass", "fail", "error", "timeout", "memory", "died", "missing", "too_slow", "undecided", "manual")


@dataclass
class Cell:
    """The verdict on one graded cell.

    score: None where a person has to give it
    ratio: of a timed cell that passed or was too slow: the learner's time by the reference's
    """

    grade_id: str
    points: float
    score: float | None
    verdict: str
    message: str = ""
    ratio: float | None = None

    def __post_init__(self):
        self.message = clean(self.message)


@dataclass
class Result:
    """One judged notebook.

    status:   graded | repaired | unreadable; `repairs` says what was mended, in words
    outputs:  cell id -> what a learner's own cell printed
    notebook: what was judged, mended; None where nothing could be read, or nobody wants to show it
    digest:   of the bytes that it was read from
    """

    student: str
    cells: list[Cell]
    status: str = "graded"
    seconds: float = 0.0
    repairs: list[str] = field(default_factory=list)
    outputs: dict[str, Ran] = field(default_factory=dict, repr=False)
    notebook: NotebookNode | None = field(default=None, repr=False)
    digest: str = ""

    @property
    def score(self) -> float:
        return sum(c.score or 0 for c in self.cells)

    @property
    def max_score(self) -> float:
        return sum(c.points for c in self.cells)

    @classmethod
    def from_json(cls, document: dict) -> Result:
        """What `to_json` keeps: all but the notebook and what its cells printed."""
        return cls(document["student"], [Cell(**cell) for cell in document["cells"]], document["status"],
                   document["seconds"], document["repairs"])

    def to_json(self) -> dict:
        return {"student": self.student, "score": self.score, "max_score": self.max_score, "status": self.status,
                "seconds": round(self.seconds, 3), "repairs": self.repairs, "cells": [asdict(c) for c in self.cells]}


@dataclass
class Ran:
    """What became of one of the learner's own cells: its text output and, when it stopped, why.

    spent: seconds of CPU time that it took
    """

    stdout: str = ""
    error: str = ""
    spent: float = 0.0


def wanted(section: Section, only: Collection[str] | None, timed: bool) -> list[Graded]:
    """The aspects to judge; the parameters are those of `judge`."""
    return [g for g in section.graded.values()
            if (only is None or {g.exercise, g.grade_id} & set(only)) and (timed or not g.timed)]


def unreadable(section: Section, student: str, received: Received) -> Result:
    """The result for a notebook that cannot be read at all: 0 points, with the reason."""
    cells = [Cell(g.grade_id, g.points, 0.0, "missing", received.reason) for g in section.graded.values()]
    return Result(student, cells, status="unreadable", repairs=[received.reason], digest=received.digest)


def without_verdict(student: str, aspects: Iterable[Graded], verdict: str, why: str) -> Result:
    """No points for what nobody could judge; a written answer still waits for its reader."""
    return Result(student, [Cell(g.grade_id, g.points, None, "manual", "a person reads this answer") if g.manual
                                else Cell(g.grade_id, g.points, 0.0, verdict, why) for g in aspects])
