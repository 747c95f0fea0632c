"""Grade a class: judge all submissions of a section in parallel, write grades and judged notebooks one at a time.

Each submission's result is kept beside its judged notebook, with a key made of the submission and of everything that
decides its grade. A run that was killed goes on where it stopped; an edited test grades again, and says who changed.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config, PyFileConfigLoader

from .gradebook import record
from .lenient import Submitted
from .notebook import Unreadable, read_bytes
from .report import report
from .sandbox.host import Warm
from .section import Section, SectionError, load
from .submissions import find_submission, read_submission
from .verdict import Submission
from .work import Job, judge_all, merge, version

if TYPE_CHECKING:
    from .cluster import Cluster  # needs dask.distributed, which not everybody has

KEPT = "verdict.json"
CARRIED = ("timestamp.txt", "submission_secret.txt")  # what nbgrader's feedback needs of a submission's other files


@dataclass(frozen=True)
class Handed:
    """One submission as it lies in nbgrader's submitted/ folder."""

    student: str
    folder: Path


class Course:
    """nbgrader's course directory: where things are, by nbgrader's own configuration."""

    def __init__(self, root: Path):
        loader = PyFileConfigLoader("nbgrader_config.py", path=str(root))
        self.config: Config = loader.load_config()
        self.config.CourseDirectory.root = str(root)
        self.directory = CourseDirectory(config=self.config)

    def folder(self, step: str, student: str, section: str) -> Path:
        return Path(self.directory.format_path(step, student, section))

    @functools.cached_property
    def gradebook(self) -> Gradebook:
        """To be used in a `with`, and again: leaving it ends the connection, and what SQLAlchemy has compiled stays."""
        return Gradebook(self.directory.db_url, self.directory.course_id)

    def handed_in(self, section: Section) -> list[Handed]:
        """All submissions of a section, by student."""
        base = self.folder(self.directory.submitted_directory, "x", section.name).parent.parent
        folders = sorted(p / section.name for p in base.iterdir()) if base.is_dir() else []
        return [Handed(f.parent.name, f) for f in folders if f.is_dir() or f.is_symlink()]


def grade(section_name: str, root: Path, *, warm: Warm | None = None, cluster: Cluster | None = None,
          student: str | None = None, workers: int | None = None, force: bool = False, timed: bool = True,
          progress: Callable[[int, int], None] = lambda done, total: None) -> dict:
    """Grade the submissions of a section; returns the document that `grader grade --json` prints, with `changes`.

    warm, cluster: where the judging is done: on this machine by `workers` processes, or on a cluster
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
    keys = {h.student: key(section, h) for h in handed}  # before judging: who hands in again meanwhile is graded again
    kept = {h.student: keep for h in handed if (keep := _kept(course, section, h, keys[h.student])) and not force}
    jobs = {h.student: h for h in handed if h.student not in kept}
    results = {name: keep["submission"] for name, keep in kept.items()}
    changes: dict[str, dict] = {}
    queue = [Job(section_name, h.student, path=h.folder, timed=timed) for h in jobs.values()]
    for submission in cluster.judge_all(queue) if cluster else judge_all(queue, warm, workers):
        submission = submission if timed else merge(section, [submission])
        changed = _write(course, section, jobs[submission.student], submission, keys[submission.student])
        if changed:
            changes[submission.student] = changed
        results[submission.student] = submission.to_json()
        progress(len(results), len(handed))
    return {"section": section_name, "isolation": str((cluster or warm).isolation),
            "seconds": round(time.monotonic() - start, 2), "graded": len(jobs), "kept": len(kept), "changes": changes,
            "submissions": [results[h.student] for h in handed]}


def register(section: Section, course: Course) -> None:
    """Have the gradebook know the assignment with the cells that it has now."""
    with course.gradebook as gradebook:
        try:
            known = {c.name for c in gradebook.find_notebook(section.name, section.name).grade_cells}
        except MissingEntry:
            known = set()
    if known == set(section.graded):
        return
    if not section.source_path.is_file():
        raise SectionError(f"{section.source_path.name} is not built yet: run `make release` first.")
    from nbgrader.apps import NbGraderAPI
    result = NbGraderAPI(course.directory, config=course.config).generate_assignment(section.name, force=True)
    if not result["success"]:
        raise SectionError(f"nbgrader cannot take {section.name} into the gradebook: graded cells were added or removed "
                           "after submissions came in. Grade these with the old version, or remove them with "
                           f"`nbgrader db assignment remove {section.name}` and grade again.")


def _write(course: Course, section: Section, handed: Handed, submission: Submission, key: str) -> dict:
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
        changed = record(gradebook, submission, section.name, handed.student)
    try:
        notebook = read_submission(handed.folder, section)
    except Unreadable:
        notebook = None
    judged = report(section, notebook, submission)
    _replace(target / f"{section.name}.ipynb", nbformat.v4.writes(judged))
    if late:
        about = {"nbgrader": {"notebook": section.name, "assignment": section.name, "student": handed.student,
                              "db_url": course.directory.db_url}}
        AssignLatePenalties(config=course.config).preprocess(judged, about)
    keep = {"key": key, "submission": submission.to_json()}
    _replace(target / KEPT, json.dumps(keep))
    messages = {c.grade_id: c.message for c in submission.cells}
    return {g: {"from": old, "to": new, "why": messages[g]} for g, (old, new) in changed.items()}


def _kept(course: Course, section: Section, handed: Handed, key: str) -> dict | None:
    """The result of an earlier run, if it is decided and nothing that decides the grade has changed since."""
    path = course.folder(course.directory.autograded_directory, handed.student, section.name) / KEPT
    try:
        keep = json.loads(path.read_text())
        decided = all(c["verdict"] != "undecided" for c in keep["submission"]["cells"])
        return keep if decided and keep["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def key(section: Section, handed: Handed) -> str:
    """A hash of the submission, the section, and the code that judges."""
    digest = hashlib.sha256(version(section))
    path, notes = find_submission(handed.folder, section)
    digest.update("".join(notes).encode())
    with contextlib.suppress(Unreadable):
        digest.update(read_bytes(path) if path else b"")
    return digest.hexdigest()


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    new = path.with_suffix(path.suffix + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)
