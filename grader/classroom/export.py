"""Scores for a learning management system: the instructor's own Canvas export filled in, or a file that Moodle imports.

Canvas matches columns by "title (id)" and people by their ids, so its own export is the one file in which all of them are
right. Moodle refuses the whole file for one unknown person, so who has no e-mail address is left out and named.
Sources: the manuals of Canvas ("import grades") and Moodle ("grade import").
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import MissingEntry

from ..errors import WorkspaceError
from . import kept
from .course import Course

CANVAS_IDS = ("SIS Login ID", "SIS User ID", "ID")  # in the order in which a student id is looked for
POINTS_ROW = "Points Possible"
ACTIVE = re.compile(r"^[=+\-@\t\r]")                # what a spreadsheet takes for a formula
NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?")


@dataclass
class Exported:
    """A file's text, and what a person should know of it, one sentence each."""

    text: str
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Score:
    """points: with those that a person gave, less the penalty for late work; lost: aspects that earned nothing"""

    points: float
    most: float
    email: str
    lost: tuple[str, ...]


def scores(course: Course, section: str) -> dict[str, Score]:
    """By student; raises WorkspaceError where nobody was graded."""
    with course.gradebook as gradebook:
        try:
            submissions = gradebook.assignment_submissions(section)
        except MissingEntry:
            submissions = []
        found = {s.student_id: Score(max(0.0, s.score - (s.late_submission_penalty or 0)), s.max_score, s.student.email or "",
                                     _lost(course, section, s.student_id)) for s in submissions}
    if not found:
        raise WorkspaceError(f"Nobody was graded on {section} yet: `grader grade {section}`.")
    return found


def _lost(course: Course, section: str, student: str) -> tuple[str, ...]:
    found = kept.verdict(course.folder(course.directory.autograded_directory, student, section))
    return tuple(c["grade_id"] for c in kept.lost(found)) if found else ()


def table(course: Course, sections: Sequence[str]) -> Exported:
    """A plain table: a row for each submission."""
    rows = [["student", "section", "points", "of", "lost points in"]]
    for section in sections:
        rows += [[who, section, f"{s.points:g}", f"{s.most:g}", " ".join(s.lost)]
                 for who, s in sorted(scores(course, section).items())]
    return Exported(_csv(rows))


def canvas(course: Course, sections: Sequence[str], theirs: Path) -> Exported:
    """Canvas's own export with the scores of these sections in it; whoever handed in nothing keeps what stands there."""
    rows = _read(theirs)
    header = rows[0]
    ids = [header.index(name) for name in CANVAS_IDS if name in header]
    if not ids:
        raise WorkspaceError(f"{theirs} is no gradebook of Canvas: it has none of the columns {', '.join(CANVAS_IDS)}.")
    points_row = next((row for row in rows[1:4] if row and row[0].strip() == POINTS_ROW), None)
    people = [row for row in rows[1:] if row is not points_row and any(row)]
    notes = []
    for section in sections:
        found, column = scores(course, section), _column(header, rows, section)
        if points_row is not None:
            points_row[column] = f"{next(iter(found.values())).most:g}"
        placed = set()
        for row in people:
            who = next((row[i] for i in ids if row[i] in found), None)
            if who is not None:
                row[column] = f"{found[who].points:g}"
                placed.add(who)
        if missing := sorted(found.keys() - placed):
            notes.append(f"{section}: Canvas knows no {_some(missing)} by {', '.join(header[i] for i in ids)}.")
    return Exported(_csv(rows), notes)


def _column(header: list[str], rows: list[list[str]], section: str) -> int:
    """The assignment's column, made when it is not there."""
    title = re.compile(rf"{re.escape(section)}(\b.*)?( \(\d+\))?")
    for i, name in enumerate(header):
        if title.fullmatch(name.strip()):
            return i
    for row in rows:
        row.append("")
    header[-1] = section
    return len(header) - 1


def moodle(course: Course, sections: Sequence[str], percent: bool = False) -> Exported:
    """What Moodle's grade import takes: one row a person, with a column of points and one of feedback for each section."""
    found = {section: scores(course, section) for section in sections}
    emails = {who: s.email for of in found.values() for who, s in of.items()}
    rows = [["Email address", *(title for s in sections for title in (s, f"Feedback: {s}"))]]
    for who in sorted(w for w, email in emails.items() if email):
        row = [emails[who]]
        for section in sections:
            row += _about(found[section].get(who), percent)
        rows.append(row)
    without = sorted(w for w, email in emails.items() if not email)
    notes = [f"Left out, for want of an e-mail address: {_some(without)} (`nbgrader db student add ID --email …`)."
             ] if without else []
    over = [s for s in sections if any(score.most > 100 for score in found[s].values())]
    if over and not percent:
        notes.append(f"Moodle refuses more than 100 points unless its item has as many: --percent for {', '.join(over)}.")
    return Exported(_csv(rows), notes)


def _about(score: Score | None, percent: bool) -> list[str]:
    """Points and feedback; feedback never without points."""
    if score is None:
        return ["", ""]
    points = f"{100 * score.points / score.most:.2f}" if percent and score.most else f"{score.points:g}"
    return [points, f"Points lost in {', '.join(score.lost)}" if score.lost else ""]


def _read(path: Path) -> list[list[str]]:
    """The rows of a CSV file, all of one length."""
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WorkspaceError(f"{path} cannot be read ({error}): export it from Canvas again.") from None
    if not rows:
        raise WorkspaceError(f"{path} is empty: export it from Canvas again.")
    width = max(map(len, rows))
    return [row + [""] * (width - len(row)) for row in rows]


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[_plain(cell) for cell in row] for row in rows])
    return out.getvalue()


def _plain(cell: str) -> str:
    """A cell that no spreadsheet runs: people choose their own names."""
    return f"'{cell}" if ACTIVE.match(cell) and not NUMBER.fullmatch(cell) else cell


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
