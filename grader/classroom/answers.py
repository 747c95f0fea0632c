"""Written answers, one question across all learners: a grader keeps one scheme in mind instead of scrolling notebooks.

The answers are read from the judged notebooks; points and comments go where the formgrader puts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Grade, Gradebook, MissingEntry

from ..errors import SectionError, WorkspaceError
from ..intake.text import clean
from ..section.cells import grade_id
from ..section.model import Graded, Section
from .course import Course


@dataclass(frozen=True)
class Answer:
    """What one learner wrote. points: what a person gave; None before that."""

    student: str
    text: str
    points: float | None
    comment: str
    unread: bool


def questions(section: Section) -> list[Graded]:
    """The written questions of a section; raises SectionError where there is none."""
    found = [g for g in section.graded.values() if g.manual]
    if not found:
        raise SectionError(f"{section.name} has no written question.")
    return found


def scheme(section: Section, question: Graded) -> str:
    """Question, marking scheme and model answer in Markdown."""
    *asked, model = section.scheme(question)
    return "\n\n".join([*asked, "**A model answer.**", model])


def answers(section: Section, question: Graded, course: Course) -> list[Answer]:
    """All answers that were graded so far, by student."""
    with course.gradebook as gradebook:
        return list(_answers(section, question, course, gradebook))


def _answers(section: Section, question: Graded, course: Course, gradebook: Gradebook) -> Iterator[Answer]:
    for handed in course.handed_in(section):
        grade = _grade(gradebook, section, question, handed.student)
        if grade is not None:
            comment = gradebook.find_comment(question.grade_id, section.name, section.name, handed.student)
            judged = course.folder(course.directory.autograded_directory, handed.student, section.name)
            text = _written(judged / f"{section.name}.ipynb", question)
            yield Answer(handed.student, text, grade.manual_score, comment.manual_comment or "", bool(grade.needs_manual_grade))


def mark(section: Section, question: Graded, course: Course, student: str, points: float, comment: str = "") -> None:
    """Give points, from 0 to the question's, and a comment; an empty one leaves what stands there."""
    if not 0 <= points <= question.points:
        raise WorkspaceError(f"{points:g} is not between 0 and {question.points:g}.")
    with course.gradebook as gradebook:
        grade = _grade(gradebook, section, question, student)
        if grade is None:
            raise WorkspaceError(f"There is no graded submission of {section.name} by {student!r}.")
        grade.manual_score, grade.needs_manual_grade = points, False
        if comment:
            about = gradebook.find_comment(question.grade_id, section.name, section.name, student)
            about.manual_comment = comment
        gradebook.db.commit()


def _grade(gradebook: Gradebook, section: Section, question: Graded, student: str) -> Grade | None:
    try:
        return gradebook.find_grade(question.grade_id, section.name, section.name, student)
    except MissingEntry:
        return None


def _written(path: Path, question: Graded) -> str:
    try:
        cells = nbformat.read(path, as_version=4).cells
    except (OSError, ValueError):
        return ""
    return next((clean(c.source, 20_000) for c in cells if grade_id(c) == question.grade_id), "")
