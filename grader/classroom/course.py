"""nbgrader's course directory: where its folders and its gradebook are, by nbgrader's own configuration."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc
from sqlalchemy.exc import DatabaseError

from .. import place
from ..errors import Unreadable, WorkspaceError
from ..intake.notebook import read_bytes
from ..section.model import Section

PATIENCE = 60  # seconds for which another program may hold the gradebook


@dataclass(frozen=True)
class Handed:
    """One submission as it lies in nbgrader's submitted/ folder."""

    student: str
    folder: Path

    @property
    def timestamp(self) -> datetime | None:
        return timestamp_of(self.folder)


def timestamp_of(folder: Path) -> datetime | None:
    """When it was handed in, in UTC; None where the file that learners can write says nothing that one can read."""
    try:
        text = read_bytes(folder / "timestamp.txt", limit=1000).decode()
        return parse_utc(text.strip()) if text.strip() else None
    except (Unreadable, ValueError, OverflowError, TypeError):
        return None


class Course:
    def __init__(self, root: Path):
        self.config = place.configuration(root)
        self.config.CourseDirectory.root = str(root)
        self.directory = CourseDirectory(config=self.config)

    def folder(self, step: str, student: str, section: str) -> Path:
        return Path(self.directory.format_path(step, student, section))

    @property
    def gradebook(self) -> AbstractContextManager[Gradebook]:
        """To be used in a `with`, and again. Raises WorkspaceError where the database cannot be read or written."""
        return self._opened()

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Gradebook]:
        with self.in_words(), self._gradebook as gradebook:
            yield gradebook

    @functools.cached_property
    def _gradebook(self) -> Gradebook:
        """Leaving it ends the connection, and what SQLAlchemy has compiled stays."""
        return Gradebook(self.database, self.directory.course_id)

    @contextlib.contextmanager
    def in_words(self) -> Iterator[None]:
        """What the gradebook's database says when it cannot be used, in one sentence."""
        try:
            yield
        except DatabaseError as e:
            mend = ("another program holds it: try again when that has ended" if "locked" in str(e.orig)
                    else "look at its permissions and at the disk, or put a backup in its place")
            raise WorkspaceError(f"The gradebook {self.database.split('///')[-1].split('?')[0]} could not be used "
                                 f"({e.orig}); {mend}. What was judged is kept.") from None

    @property
    def database(self) -> str:
        """The gradebook's address; whoever uses it waits for another who writes."""
        address = self.directory.db_url
        return f"{address}?timeout={PATIENCE}" if address.startswith("sqlite:") and "?" not in address else address

    def handed_in(self, section: Section) -> list[Handed]:
        """All submissions of a section, by student."""
        base = self.folder(self.directory.submitted_directory, "x", section.name).parent.parent
        folders = sorted(p / section.name for p in base.iterdir()) if base.is_dir() else []
        return [Handed(f.parent.name, f) for f in folders if f.is_dir() or f.is_symlink()]
