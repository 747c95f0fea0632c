"""`nbgrader autograde` on submissions that it would stop at, leave out, or follow somewhere else.

nbgrader opens a notebook before any preprocessor sees it, so what is no JSON, has another name or is a pipe never gets
that far. This exporter reads in its stead, wired in by one line of nbgrader_config.py:

    c.Autograde.exporter_class = "grader.classroom.lenient.SubmittedNotebook"
"""

from __future__ import annotations

import glob
import os
from pathlib import Path

from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory

from ..errors import SectionError
from ..intake.notebook import new_notebook
from ..intake.submissions import receive
from ..section.load import load
from .course import Course, timestamp_of
from .register import register


class SubmittedNotebook(NotebookExporter):
    """Reads whatever a learner handed in; what cannot be read becomes an empty notebook that says why.

    `metadata.grader` of the notebook has its `digest`, the `repairs` and, perhaps, `unreadable`. All are the reader's own
    words: nothing of a submission's own metadata comes this far.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if isinstance(self.parent, Autograde):  # made anew for each run, after nbgrader has listed the submissions
            self.parent.coursedir = Submitted.like(self.parent.coursedir)
            self.parent.pre_convert_hook = _before(self.parent.coursedir, self.parent.pre_convert_hook)
            _list_every_submission(self.parent)
            _register(self.parent)

    def from_filename(self, filename, resources=None, **kw):
        about, path = resources["nbgrader"], Path(filename)
        course = self.parent.coursedir
        submitted = Path(course.format_path(course.submitted_directory, about["student"], about["assignment"]))
        if path.parent != submitted:  # the second pass, over what the first one wrote
            return super().from_filename(filename, resources=resources, **kw)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        received = receive(submitted, load(about["assignment"]))
        notebook = received.notebook or new_notebook(
            metadata={"grader": {"repairs": [received.reason], "unreadable": received.reason}})
        notebook.metadata.grader.digest = received.digest
        return self.from_notebook_node(notebook, resources=resources, **kw)


class Submitted(CourseDirectory):
    """The course directory of one run of autograde, which trusts no file that learners can write."""

    @classmethod
    def like(cls, other: CourseDirectory) -> Submitted:
        return cls(**{name: getattr(other, name) for name in other.traits(config=True)})

    def get_existing_timestamp(self, dest_path):
        return timestamp_of(Path(dest_path))

    def unsafe(self, folder: str) -> list[str]:
        """Patterns for what must not be copied out of a folder: links, pipes, unreadable, broken and huge files."""
        if os.path.islink(folder):
            return ["*"]
        files = ((base, name) for base, _, names in os.walk(folder) for name in names)
        names = {name for base, name in files if not self._copies(os.path.join(base, name))}
        if self.get_existing_timestamp(folder) is None:
            names.add("timestamp.txt")
        return [glob.escape(name) for name in names]

    def _copies(self, path: str) -> bool:
        return (os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.R_OK)
                and os.path.getsize(path) <= 1000 * self.max_file_size)


def _before(course: Submitted, hook):
    """nbgrader's hook before each submission: leave out the files that would stop it, then do what was configured."""
    ignored = list(course.ignore)

    def before(assignment, student, notebooks):
        course.ignore = ignored + course.unsafe(os.path.dirname(notebooks[0]))
        if hook:
            hook(assignment=assignment, student=student, notebooks=notebooks)
    return before


def _register(converter: Autograde) -> None:
    """Have the gradebook know the assignment, as `grader grade` does: learners may have it without the instructor's help."""
    try:
        register(load(converter.coursedir.assignment_id), Course(Path(converter.coursedir.root)))
    except SectionError as error:
        converter.log.error(str(error))


def _list_every_submission(converter: Autograde) -> None:
    """Have each folder that was handed in judged once, under the section's name, whatever is in it."""
    course = converter.coursedir
    try:
        load(course.assignment_id)
    except SectionError:
        return
    for folder in glob.glob(course.format_path(course.submitted_directory, course.student_id, course.assignment_id)):
        converter.assignments[folder] = [os.path.join(folder, f"{course.assignment_id}.ipynb")]
