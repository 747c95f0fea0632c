"""Grade a class: judge all submissions of a section in parallel, write grades and judged notebooks one at a time.

Each submission's result is kept beside its judged notebook, with a key made of the submission and of everything that
decides its grade. A run that was killed goes on where it stopped; an edited test grades again, and says who changed.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbgrader.preprocessors import AssignLatePenalties

from ..errors import SectionError, Unreadable
from ..intake.notebook import read_bytes
from ..judge.verdict import Result
from ..place import replace
from ..pool.jobs import Job, Judges, merge
from ..section.load import load
from ..section.model import Section
from .course import Course, Handed
from .gradebook import record
from .kept import keep, still_good
from .lenient import Submitted
from .register import register
from .report import report

CARRIED = ("timestamp.txt", "submission_secret.txt")  # what nbgrader's feedback needs of a submission's other files


def grade(section_name: str, root: Path, judges: Judges, *, student: str | None = None, force: bool = False,
          timed: bool = True, progress: Callable[[int, int], None] = lambda done, total: None) -> dict:
    """Grade the submissions of a section; returns the document that `grader grade --json` prints, with `changes`.

    student: grade this one only
    force:   grade also what was graded before and has not changed
    timed:   False leaves the timed aspects undecided, for a later run
    Raises SectionError where there is nothing to grade.
    """
    start = time.monotonic()
    section, course = load(section_name), Course(root)
    handed = [h for h in course.handed_in(section) if student in (None, h.student)]
    if not handed:
        who = f" by {student!r}" if student else ""
        raise SectionError(f"There is no submission of {section_name}{who}: collect them with "
                           f"`nbgrader collect {section_name}`, or put them in submitted/STUDENT/{section_name}/.")
    register(section, course)
    kept = {h.student: found for h in handed if not force and (found := _kept(course, section, h))}
    jobs = {h.student: h for h in handed if h.student not in kept}
    results = dict(kept)
    changes: dict[str, dict] = {}
    to_judge = [Job(section_name, h.student, path=h.folder, timed=timed) for h in jobs.values()]
    for result in judges.judge_all(to_judge) if to_judge else ():  # where there is nothing to do, nobody waits for judges
        result = result if timed else merge(section, [result])
        if changed := _write(course, section, jobs[result.student], result):
            changes[result.student] = changed
        results[result.student] = result.to_json()
        progress(len(results), len(handed))
    return {"section": section_name, "isolation": str(judges.isolation),
            "seconds": round(time.monotonic() - start, 2), "graded": len(jobs), "kept": len(kept), "changes": changes,
            "submissions": [results[h.student] for h in handed]}


def _write(course: Course, section: Section, handed: Handed, result: Result) -> dict:
    """Gradebook first, judged notebook next, the key last: whatever is interrupted is done again."""
    target = course.folder(course.directory.autograded_directory, handed.student, section.name)
    target.mkdir(parents=True, exist_ok=True)
    timestamp = Submitted.like(course.directory).get_existing_timestamp(str(handed.folder))
    for name in CARRIED:
        with contextlib.suppress(Unreadable):
            (target / name).write_bytes(read_bytes(handed.folder / name, limit=1000))
    with course.gradebook as gradebook:
        gradebook.update_or_create_student(handed.student)
        about = {"timestamp": timestamp} if timestamp else {}
        known = gradebook.update_or_create_submission(section.name, handed.student, **about)
        late = known.total_seconds_late > 0 or known.late_submission_penalty > 0  # now, or when it was graded before
        changed = record(gradebook, result, section.name, handed.student)
    judged = report(section, result)
    replace(target / f"{section.name}.ipynb", nbformat.v4.writes(judged))
    if late:
        about = {"nbgrader": {"notebook": section.name, "assignment": section.name, "student": handed.student,
                              "db_url": course.directory.db_url}}
        AssignLatePenalties(config=course.config).preprocess(judged, about)
    keep(target, section, result)
    messages = {c.grade_id: c.message for c in result.cells}
    return {g: {"from": old, "to": new, "why": messages[g]} for g, (old, new) in changed.items()}


def _kept(course: Course, section: Section, handed: Handed) -> dict | None:
    return still_good(course.folder(course.directory.autograded_directory, handed.student, section.name), section,
                      handed.folder)
