"""Grade a class: judge all submissions of a section in parallel, write grades and judged notebooks one at a time.

Each submission's result is kept beside its judged notebook, with a key made of the submission and of everything that
decides its grade. A run that was killed goes on where it stopped; an edited test grades again, and says who changed.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection
from pathlib import Path

import nbformat
from nbgrader.preprocessors import AssignLatePenalties

from ..errors import BuildError, SectionError, Unreadable
from ..intake.notebook import new_notebook, read_bytes
from ..judge.verdict import Result
from ..place import replace
from ..pool.jobs import Job, Judges, merge
from ..section.lint import lint
from ..section.load import load
from ..section.model import Section
from .course import Course, Handed
from .gradebook import held, record
from .kept import keep, still_good
from .register import register
from .report import report

CARRIED = ("timestamp.txt", "submission_secret.txt")  # what nbgrader's feedback needs of a submission's other files


def grade(section_name: str, root: Path, judges: Judges, *, students: Collection[str] | None = None, force: bool = False,
          timed: bool = True, progress: Callable[[int, int], None] = lambda done, total: None) -> dict:
    """Grade the submissions of a section; returns the document that `grader grade --json` prints.

    In it are, besides the verdicts, `judged`: of whom they are new; `changes` of scores; in `restored` those whose kept
    verdicts the gradebook did not hold; in `gradebook` what it holds now, with a person's points and the penalty for late work.

    students: grade theirs only
    force:    grade also what was graded before and has not changed
    timed:    False leaves the timed aspects undecided, for a later run
    Raises SectionError where there is nothing to grade or the section does not build, WorkspaceError where the gradebook
    cannot be used.
    """
    start = time.monotonic()
    section, course = load(section_name), Course(root)
    if complaints := lint(section):
        raise BuildError(complaints)
    handed = [h for h in course.handed_in(section) if students is None or h.student in students]
    if not handed:
        who = f" by {', '.join(map(repr, sorted(students)))}" if students else ""
        raise SectionError(f"There is no submission of {section_name}{who}: collect them with "
                           f"`nbgrader collect {section_name}`, or put them in submitted/STUDENT/{section_name}/.")
    register(section, course)
    kept = {h.student: Result.from_json(found) for h in handed if not force and (found := _kept(course, section, h))}
    restored = _restore(course, section, [h for h in handed if h.student in kept], kept)
    jobs = {h.student: h for h in handed if h.student not in kept}
    results = {who: result.to_json() for who, result in kept.items()}
    changes: dict[str, dict] = {}
    to_judge = [Job(section_name, h.student, path=h.folder, timed=timed) for h in jobs.values()]
    for result in judges.judge_all(to_judge) if to_judge else ():  # where there is nothing to do, nobody waits for judges
        result = result if timed else merge(section, [result])
        if changed := _write(course, section, jobs[result.student], result):
            changes[result.student] = changed
        results[result.student] = result.to_json()
        progress(len(results), len(handed))
    with course.gradebook as gradebook:
        now = held(gradebook, section_name, [h.student for h in handed])
    totals = {h.student: {"total": now[h.student].total, "late_penalty": now[h.student].penalty,
                          "unread": now[h.student].unread} for h in handed}
    return {"section": section_name, "isolation": str(judges.isolation),
            "seconds": round(time.monotonic() - start, 2), "graded": len(jobs), "judged": sorted(jobs), "kept": len(kept),
            "restored": restored, "changes": changes, "gradebook": totals, "submissions": [results[h.student] for h in handed]}


def _restore(course: Course, section: Section, handed: list[Handed], kept: dict[str, Result]) -> list[str]:
    """Have the gradebook hold what is kept beside the judged notebooks; returns for whom it did not.

    An assignment may have been removed from it, a backup put in its place, the same work handed in again. When work was
    due is arithmetic, and done each time.
    """
    restored = []
    with course.gradebook as gradebook:
        now = held(gradebook, section.name, [h.student for h in handed])
    for h in handed:
        known, result = now.get(h.student), kept[h.student]
        if known is None or not known.has(result, h.timestamp):
            _carry(course, section, h)
            _enter(course, section, h, result)
            restored.append(h.student)
        elif known.late:
            _penalise(course, section, h)
    return restored


def _write(course: Course, section: Section, handed: Handed, result: Result) -> dict:
    """Gradebook first, judged notebook next, the key last: whatever is interrupted is done again."""
    target = _carry(course, section, handed)
    changed = _enter(course, section, handed, result)
    replace(target / f"{section.name}.ipynb", nbformat.v4.writes(report(section, result)))
    keep(target, section, result)
    messages = {c.grade_id: c.message or c.verdict for c in result.cells}
    return {g: {"from": old, "to": new, "why": messages[g]} for g, (old, new) in changed.items()}


def _carry(course: Course, section: Section, handed: Handed) -> Path:
    """The folder of the judged notebook, with what of the submission nbgrader looks for there."""
    target = course.folder(course.directory.autograded_directory, handed.student, section.name)
    target.mkdir(parents=True, exist_ok=True)
    for name in CARRIED:
        with contextlib.suppress(Unreadable):
            (target / name).write_bytes(read_bytes(handed.folder / name, limit=1000))
    return target


def _enter(course: Course, section: Section, handed: Handed, result: Result) -> dict:
    """A verdict into the gradebook; returns which scores changed."""
    with course.gradebook as gradebook:
        gradebook.update_or_create_student(handed.student)
        about = {"timestamp": handed.timestamp} if handed.timestamp else {}
        known = gradebook.update_or_create_submission(section.name, handed.student, **about)
        late = known.total_seconds_late > 0 or known.late_submission_penalty > 0  # now, or when it was graded before
        changed = record(gradebook, result, section.name, handed.student)
    if late:
        _penalise(course, section, handed)
    return changed


def _penalise(course: Course, section: Section, handed: Handed) -> None:
    """Leave it to nbgrader, with the plug-in that its configuration names."""
    about = {"nbgrader": {"notebook": section.name, "assignment": section.name, "student": handed.student,
                          "db_url": course.database}}
    with course.in_words():
        AssignLatePenalties(config=course.config).preprocess(new_notebook(), about)


def _kept(course: Course, section: Section, handed: Handed) -> dict | None:
    return still_good(course.folder(course.directory.autograded_directory, handed.student, section.name), section,
                      handed.folder)
