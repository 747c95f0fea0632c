"""nbgrader's course directory: where its folders and its gradebook are, by nbgrader's own configuration."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from .. import place
from ..section.model import Section


@dataclass(frozen=True)
class Handed:
    """One submission as it lies in nbgrader's submitted/ folder."""

    student: str
    folder: Path


class Course:
    def __init__(self, root: Path):
        self.config = place.configuration(root)
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
