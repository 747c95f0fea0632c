"""Verdicts into nbgrader's gradebook. One writer: nothing else of the grader touches the database."""

from __future__ import annotations

import warnings

from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from .verdict import Submission

warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader's own, about every new submission


def record(gradebook: Gradebook, submission: Submission, assignment: str, student: str) -> dict[str, tuple[float, float]]:
    """Write the automatic scores of one submission; a manual score that a person gave stays and always wins.

    Returns what changed: grade_id -> (old score, new score). Doing it twice changes nothing.
    Raises nbgrader.api.MissingEntry when the gradebook does not know the student, the assignment or a cell.
    """
    changed = {}
    for cell in submission.cells:
        grade = gradebook.find_grade(cell.grade_id, assignment, assignment, student)
        if grade.auto_score is not None and grade.auto_score != cell.score:
            changed[cell.grade_id] = (grade.auto_score, cell.score)
        grade.auto_score = cell.score
        grade.needs_manual_grade = grade.manual_score is not None or cell.score is None
    lost = {c.grade_id for c in submission.cells if c.verdict == "missing"}
    notebook = gradebook.find_submission_notebook(assignment, assignment, student)
    for comment in notebook.comments:
        comment.auto_comment = "No response." if comment.cell.name in lost else None
    gradebook.db.commit()
    return changed
