"""Verdicts into nbgrader's gradebook. One writer: nothing else of the grader touches the database."""

from __future__ import annotations

import warnings

from nbgrader.api import BaseCell, Comment, Grade, Gradebook, MissingEntry, SubmittedNotebook
from sqlalchemy.exc import SAWarning

from ..judge.verdict import Result

warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader's own, about every new submission


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
