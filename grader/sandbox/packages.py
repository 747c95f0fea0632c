"""What the sandbox sees of the course: a directory with links to the graded side of `course` and to this folder.

Not the repository around them, not the judge, and not the shown side, whose widgets hold half of the answers.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shutil
import tempfile
import time
from pathlib import Path
from types import ModuleType

PREFIX = "grader-packages-"
SHOWN = ("figures.py", "sections", "__pycache__")  # of `course`: pictures and widgets, which decide no grade
YOUNG = 60.0  # seconds in which a new directory may not be locked yet


class Packages:
    """The directory, with a name that nobody guesses. It is locked while its owner, or a fork of it, lives."""

    def __init__(self):
        sweep()
        self.path = tempfile.mkdtemp(prefix=PREFIX)
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.chmod(self.path, 0o755)
        for folder, entries in seen().items():
            here = os.path.join(self.path, os.path.basename(folder))
            os.mkdir(here)
            for entry in entries:
                os.symlink(entry, os.path.join(here, os.path.basename(entry)))

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def folder_of(package: ModuleType) -> str:
    """Where it really stands, by a file of its own: its path may lead over links."""
    return os.path.dirname(os.path.realpath(str(package.__file__)))


@functools.cache  # a child asks when the links lie behind its walls
def seen() -> dict[str, list[str]]:
    """The real folders of the two packages, each with the files and folders in it that the sandbox needs."""
    import course
    import grader
    folders = {package: folder_of(package) for package in (course, grader)}
    graded = [name for name in sorted(os.listdir(folders[course])) if name not in SHOWN]
    return {folders[package]: [os.path.join(folders[package], name) for name in names]
            for package, names in ((course, graded), (grader, ["__init__.py", "sandbox"]))}


def sweep() -> None:
    """Remove the directories, and the homes beside them, of those who were killed before they could."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # locked, another user's, or gone
            if path.is_symlink() or time.time() - path.stat().st_mtime < YOUNG:
                continue
            owner = Path(str(path).split("-home-")[0])
            if owner.exists():
                lock = os.open(owner, os.O_RDONLY)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                finally:
                    os.close(lock)
            shutil.rmtree(path, ignore_errors=True)
