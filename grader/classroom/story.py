"""All that is known of one learner: what was handed in, what it earned, where and why points were lost."""

from __future__ import annotations

from pathlib import Path

from nbgrader.api import MissingEntry

from ..errors import WorkspaceError
from . import kept
from .course import Course


def story(student: str, root: Path) -> dict:
    """The document that `grader show STUDENT --json` prints.

    Raises WorkspaceError where the gradebook does not know the student.
    """
    course = Course(root)
    with course.gradebook as gradebook:
        try:
            person = gradebook.find_student(student)
        except MissingEntry:
            known = sorted(s.id for s in gradebook.students)
            some = ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
            raise WorkspaceError(f"The gradebook knows no {student!r}; it knows {some or 'nobody yet'}.") from None
        name = " ".join(filter(None, (person.first_name, person.last_name)))
        submissions = [{"section": s.assignment.name, "handed_in": s.timestamp and f"{s.timestamp:%Y-%m-%d %H:%M} UTC",
                        "due": s.duedate and f"{s.duedate:%Y-%m-%d %H:%M} UTC", "score": s.score,
                        "late_penalty": s.late_submission_penalty or 0.0, "max_score": s.max_score,
                        "unread": bool(s.needs_manual_grade)} for s in person.submissions]
    for s in submissions:
        s.update(_verdict(course, student, s["section"]))
    return {"student": student, "name": name, "submissions": sorted(submissions, key=lambda s: s["section"])}


def _verdict(course: Course, student: str, section: str) -> dict:
    """From what is kept beside the judged notebook."""
    found = kept.verdict(course.folder(course.directory.autograded_directory, student, section))
    if found is None:
        return {"status": "not judged", "repairs": [], "lost": []}
    return {"status": found["status"], "repairs": found["repairs"], "lost": kept.lost(found)}
