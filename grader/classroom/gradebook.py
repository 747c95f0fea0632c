"""Verdicts into nbgrader's gradebook. One writer: nothing else of the grader touches the database."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.exc import SAWarning

from ..judge.verdict import Result

warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader's own, about every new submission


@dataclass
class Held:
    """What the gradebook holds of one submission.

    late:   whether a penalty counts, or might
    total:  points with those that a person gave, less the penalty, as nbgrader exports them
    unread: whether a person has to look at an answer
    scores: name of a graded cell -> the automatic score
    """

    timestamp: datetime | None
    late: bool
    total: float
    penalty: float
    unread: bool
    scores: dict[str, float | None] = field(default_factory=dict)

    def has(self, result: Result, timestamp: datetime | None) -> bool:
        """Is this verdict written down, for work that was handed in then?"""
        return self.timestamp == timestamp and self.scores == {c.grade_id: c.score for c in result.cells}


def held(gradebook: Gradebook, assignment: str, students: Collection[str] | None = None) -> dict[str, Held]:
    """What the gradebook holds of these students' submissions, or of all, by student. It asks several questions for each."""
    wanted = [Assignment.name == assignment]
    if students is not None:
        wanted.append(SubmittedAssignment.student_id.in_(students))
    submissions = gradebook.db.query(SubmittedAssignment).join(Assignment).filter(*wanted)
    found = {s.student_id: _held(s) for s in submissions}
    grades = (gradebook.db.query(SubmittedAssignment.student_id, BaseCell.name, Grade.auto_score)
              .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
              .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
              .join(Grade, Grade.notebook_id == SubmittedNotebook.id).join(BaseCell, Grade.cell_id == BaseCell.id)
              .filter(*wanted))
    for student, cell, score in grades:
        found[student].scores[cell] = score
    return found


def _held(s: SubmittedAssignment) -> Held:
    penalty = s.late_submission_penalty or 0.0
    return Held(s.timestamp, s.total_seconds_late > 0 or penalty > 0, max(0.0, s.score - penalty), penalty,
                bool(s.needs_manual_grade))


def record(gradebook: Gradebook, result: Result, assignment: str, student: str) -> dict[str, tuple[float, float | None]]:
    """Write the automatic scores of one submission; a manual score that a person gave stays and always wins.

    Returns what changed: grade_id -> (old score, new score). Doing it twice changes nothing.
    Raises nbgrader.api.MissingEntry when the gradebook does not know the student, the assignment or a cell.
    """
    notebook = gradebook.find_submission_notebook(assignment, assignment, student)
    grades, comments = _named(gradebook, Grade, notebook), _named(gradebook, Comment, notebook)
    changed = {}
    for cell in result.cells:
        if cell.grade_id not in grades:
            raise MissingEntry(f"no graded cell {cell.grade_id} in {assignment}")
        grade = grades[cell.grade_id]
        if grade.auto_score is not None and grade.auto_score != cell.score:
            changed[cell.grade_id] = (grade.auto_score, cell.score)
        grade.auto_score = cell.score
        grade.needs_manual_grade = grade.manual_score is not None or cell.score is None
    lost = {c.grade_id for c in result.cells if c.verdict == "missing"}
    for name, comment in comments.items():
        comment.auto_comment = "No response." if name in lost else None
    gradebook.db.commit()
    return changed


def _named(gradebook: Gradebook, kind: type[Grade] | type[Comment], notebook: SubmittedNotebook) -> dict:
    """A notebook's grades or comments by their cells' names, in one query; nbgrader's own search takes one for each."""
    found = gradebook.db.query(BaseCell.name, kind).join(kind, kind.cell_id == BaseCell.id)
    return dict(found.filter(kind.notebook_id == notebook.id).tuples())
