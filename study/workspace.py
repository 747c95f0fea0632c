"""Where a learner's things are.

    workspace/home/         the learner's JupyterLab root: fetched assignments
        .course/            settings and what the command line remembers (progress, cards)
"""

from __future__ import annotations

from pathlib import Path

from grader import place
from grader.errors import WorkspaceError


def home() -> Path:
    return place.workspace() / "home"


def state() -> Path:
    """Where the command line remembers things; made when missing."""
    path = home() / ".course"
    path.mkdir(parents=True, exist_ok=True)
    return path


def notebook(section: str) -> Path:
    """The learner's notebook of a section."""
    path = home() / section / f"{section}.ipynb"
    if not path.is_file():
        raise WorkspaceError(f"There is no notebook of {section} in the workspace: fetch it with "
                             f"`course fetch {section}`, or in JupyterLab's Assignment List.")
    return path
