"""Where a learner's things are.

    workspace/              git-ignored; the environment variable COURSE_WORKSPACE moves it
        exchange/           nbgrader's exchange: released assignments, submissions, feedback
        home/               the learner's JupyterLab root: fetched assignments
            .course/        settings and what the command line remembers (progress, cards)
"""

from __future__ import annotations

import os
from pathlib import Path

from grader.section import find_root

COURSE_ID = "llm-engineering"


class WorkspaceError(Exception):
    """Something in the workspace is missing; the message is one sentence and the mend."""


def folder() -> Path:
    told = os.environ.get("COURSE_WORKSPACE")
    return Path(told).resolve() if told else find_root() / "workspace"


def exchange() -> Path:
    return folder() / "exchange"


def home() -> Path:
    return folder() / "home"


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
