"""What judging one submission gives: a verdict and a message per graded cell, as data."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field

VERDICTS = ("pass", "fail", "error", "timeout", "memory", "died", "missing", "too_slow", "undecided", "manual")
_SPACE = str.maketrans("", "", "\t\n\xa0")  # not printable, and welcome all the same
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")


@dataclass
class Cell:
    """The verdict on one graded cell. `score` is None where a person has to give it."""

    grade_id: str
    points: float
    score: float | None
    verdict: str
    message: str = ""

    def __post_init__(self):
        self.message = clean(self.message)


@dataclass
class Submission:
    """One judged notebook. `status`: graded | repaired | unreadable; `repairs` says what was mended, in words."""

    student: str
    cells: list[Cell]
    status: str = "graded"
    seconds: float = 0.0
    repairs: list[str] = field(default_factory=list)
    outputs: dict[str, Ran] = field(default_factory=dict, repr=False)  # cell id -> what a learner's own cell printed

    @property
    def score(self) -> float:
        return sum(c.score or 0 for c in self.cells)

    @property
    def max_score(self) -> float:
        return sum(c.points for c in self.cells)

    def to_json(self) -> dict:
        return {"student": self.student, "score": self.score, "max_score": self.max_score, "status": self.status,
                "seconds": round(self.seconds, 3), "repairs": self.repairs, "cells": [asdict(c) for c in self.cells]}


@dataclass
class Ran:
    """What became of one of the learner's own cells: its text output and, when it stopped, why."""

    stdout: str = ""
    error: str = ""


def clean(text: str, limit: int = 2000) -> str:
    """Text from anywhere as plain printable text: no terminal codes, no direction marks, not endless."""
    text = _TERMINAL.sub("", text[:4 * limit])
    if not text.translate(_SPACE).isprintable():
        text = "".join(c for c in text if c.isprintable() or ord(c) in _SPACE)
    return text if len(text) <= limit else text[:limit - 3] + "..."
