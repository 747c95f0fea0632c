"""`grader report`: a section's class on one page, for its instructor. Static, nothing on it comes from elsewhere.

What is undecided or waits for a person stands first; then which aspects cost whom points and why, and work that looks alike.
"""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nbformat

from ..errors import WorkspaceError
from ..intake.text import clean
from ..section.cells import SOLUTION, exercise_of, grade_id
from ..section.model import Section
from . import kept
from .alike import Pair, alike
from .course import Course
from .gradebook import held
from .templates import render

CAUSE = "likely cause: "
BINS = 10
MOST_PAIRS = 20
FAR = 2.0  # standard deviations from which on somebody is named as an outlier


@dataclass
class Aspect:
    """How the class fared on one graded cell."""

    name: str
    points: float
    verdicts: Counter = field(default_factory=Counter)
    causes: Counter = field(default_factory=Counter)  # misconceptions by name, else the first line of the message

    @property
    def passed(self) -> float:
        return self.verdicts["pass"] / max(1, self.verdicts.total())


@dataclass
class Learner:
    name: str
    score: float
    status: str
    late_penalty: float
    unread: bool
    lost: list[str]


def page(section: Section, root: Path) -> str:
    """The page as HTML. Raises WorkspaceError where nobody was graded."""
    course = Course(root)
    with course.gradebook as gradebook:
        books = held(gradebook, section.name)
    judged = {h.student: course.folder(course.directory.autograded_directory, h.student, section.name)
              for h in course.handed_in(section) if h.student in books}
    verdicts = {who: found for who, folder in judged.items() if (found := kept.verdict(folder))}
    if not verdicts:
        raise WorkspaceError(f"Nobody was graded on {section.name} yet: `grader grade {section.name}`.")
    aspects = _aspects(section, verdicts)
    learners = [Learner(who, books[who].total, v["status"], books[who].penalty, books[who].unread,
                        [c["grade_id"] for c in kept.lost(v)]) for who, v in sorted(verdicts.items())]
    codes = {who: _codes(course, section, who) for who in verdicts}
    return render(
        "class.html.j2", section=section,
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", learners=learners, aspects=aspects, codes=codes,
        exercises=_exercises(aspects), summary=_summary(section, learners), bins=_bins(section, learners),
        outliers=_outliers(learners), together=_together(section, codes), waiting=[x for x in learners if x.unread],
        undecided=[a for a in aspects if a.verdicts["undecided"]])


def _aspects(section: Section, verdicts: dict[str, dict]) -> list[Aspect]:
    found = {g.grade_id: Aspect(g.grade_id, g.points) for g in section.graded.values() if not g.manual}
    for cell in (c for v in verdicts.values() for c in v["cells"] if c["grade_id"] in found):
        aspect = found[cell["grade_id"]]
        aspect.verdicts[cell["verdict"]] += 1
        if cell["verdict"] not in ("pass", "undecided"):
            aspect.causes[_cause(cell)] += 1
    return list(found.values())


def _cause(cell: dict) -> str:
    lines = cell["message"].splitlines() or [""]
    named = next((line.strip() for line in lines if line.strip().startswith(CAUSE)), "")
    return clean(named.removeprefix(CAUSE) or (lines[-1].strip() if cell["verdict"] == "fail" else lines[0]), 160)


def _exercises(aspects: list[Aspect]) -> dict[str, list[Aspect]]:
    found: dict[str, list[Aspect]] = {}
    for aspect in aspects:
        found.setdefault(exercise_of(aspect.name), []).append(aspect)
    return found


def _summary(section: Section, learners: list[Learner]) -> dict[str, float]:
    scores = [x.score for x in learners]
    return {"count": len(scores), "mean": statistics.fmean(scores), "median": statistics.median(scores), "most": section.points}


def _bins(section: Section, learners: list[Learner]) -> list[tuple[str, int]]:
    """How many learners are in each tenth of the points; the last holds those with all."""
    counts = Counter(min(BINS - 1, int(BINS * x.score / section.points)) for x in learners)
    edges = [section.points * i / BINS for i in range(BINS + 1)]
    return [(f"{edges[i]:g} to {edges[i + 1]:g}", counts[i]) for i in range(BINS)]


def _outliers(learners: list[Learner]) -> list[Learner]:
    scores = [x.score for x in learners]
    spread = statistics.pstdev(scores)
    mean = statistics.fmean(scores)
    return [x for x in learners if spread and abs(x.score - mean) > FAR * spread]


def _together(section: Section, codes: dict[str, dict[str, str]]) -> list[list[Pair]]:
    """For each two people the exercises in which their work looks alike; first those who share most."""
    found: dict[tuple[str, str], list[Pair]] = {}
    for exercise, stub in section.stubs.items():
        theirs = {who: code[exercise] for who, code in codes.items() if exercise in code}
        for pair in alike(exercise, theirs, [stub.source, SOLUTION.sub("", stub.source)]):
            found.setdefault((pair.one, pair.other), []).append(pair)
    return sorted(found.values(), key=lambda pairs: -sum(p.share for p in pairs))[:MOST_PAIRS]


def _codes(course: Course, section: Section, student: str) -> dict[str, str]:
    """What a learner wrote for each exercise, from the judged notebook."""
    judged = course.folder(course.directory.autograded_directory, student, section.name) / f"{section.name}.ipynb"
    try:
        cells = nbformat.read(judged, as_version=4).cells
    except (OSError, ValueError):
        return {}
    written: dict[str, str] = {}
    for cell in cells:
        if cell.cell_type == "code" and grade_id(cell) in section.stubs:
            written[grade_id(cell)] = cell.source
    return written
