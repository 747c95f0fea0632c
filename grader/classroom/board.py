"""A study group's board: weekly effort, and for each timed exercise the ladder of what members' solutions take.

Only those stand on it who asked for it, under the name of their choice: `course board --as NAME` leaves a file in the
exchange, and whose it is says its owner. All numbers are the judge's, of what was handed in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .. import place
from ..pool.jobs import Judges
from ..section.cells import aspect_of, exercise_of
from ..section.load import load
from . import kept, members
from .course import Course, Handed
from .naive import naive_ratios
from .templates import render

WEEK = timedelta(days=7)
NAIVE = "the naive way"


@dataclass
class Done:
    """A member's last submission of a section."""

    name: str
    passed: int
    exercises: int
    recent: bool


@dataclass
class Member:
    name: str
    sections: list[Done] = field(default_factory=list)

    @property
    def passed(self) -> int:
        return sum(s.passed for s in self.sections)

    @property
    def week(self) -> int:
        return sum(s.passed for s in self.sections if s.recent)


@dataclass
class Rung:
    """fixed: no member's, but the reference's own or the naive way's"""

    name: str
    ratio: float
    fixed: bool = False


@dataclass
class Ladder:
    section: str
    aspect: str
    rungs: list[Rung]

    @property
    def widest(self) -> float:
        """What fills a line: the slowest who passed, for the naive way may be a hundred times as slow."""
        return max(r.ratio for r in self.rungs if r.name != NAIVE)


def write(course: Course, sections: list[str], judges: Judges, now: datetime | None = None) -> Path:
    """Write the page into the exchange; returns its path."""
    chosen, now = members.known(), now or datetime.now(UTC)
    group = {who: Member(name) for who, name in chosen.items()}
    ratios: defaultdict[tuple[str, str], list[Rung]] = defaultdict(list)
    for section in sections:
        for handed, verdict in _verdicts(course, section, set(chosen)):
            group[handed.student].sections.append(_done(section, handed, verdict, now))
            for cell in verdict["cells"]:
                if cell["verdict"] == "pass" and cell.get("ratio") is not None:
                    ratios[section, cell["grade_id"]].append(Rung(chosen[handed.student], cell["ratio"]))
    ladders = [Ladder(section, f"{exercise_of(cell)}, {aspect_of(cell).replace('_', ' ')}",
                      sorted([*rungs, *_fixed(section, cell, judges)], key=lambda r: r.ratio))
               for (section, cell), rungs in ratios.items()]
    page = render(
        "board.html.j2", made=f"{now:%Y-%m-%d %H:%M} UTC", ladders=ladders,
        members=sorted((m for m in group.values() if m.sections), key=lambda m: (-m.week, -m.passed, m.name)))
    path = members.page()
    place.replace(path, page)
    path.chmod(0o644)
    return path


def _fixed(section: str, cell: str, judges: Judges) -> list[Rung]:
    """Between which two the members stand."""
    naive = naive_ratios(load(section), judges).get(cell)
    return [Rung("the reference", 1.0, fixed=True), *([Rung(NAIVE, naive, fixed=True)] if naive else [])]


def _verdicts(course: Course, section: str, students: set[str]) -> Iterator[tuple[Handed, dict]]:
    for handed in course.handed_in(load(section)):
        if handed.student in students:
            folder = course.folder(course.directory.autograded_directory, handed.student, section)
            if verdict := kept.verdict(folder):
                yield handed, verdict


def _done(section: str, handed: Handed, verdict: dict, now: datetime) -> Done:
    exercises: defaultdict[str, list[bool]] = defaultdict(list)
    for cell in verdict["cells"]:
        if cell["verdict"] != "manual":
            exercises[exercise_of(cell["grade_id"])].append(cell["verdict"] == "pass")
    when = handed.timestamp
    recent = when is not None and now - when.replace(tzinfo=UTC) < WEEK
    return Done(section, sum(map(all, exercises.values())), len(exercises), recent)
