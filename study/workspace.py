"""Where a learner's things are.

    workspace/home/         the learner's JupyterLab root: fetched assignments
        .course/            settings and what the command line remembers (progress, cards)
"""

from __future__ import annotations

from pathlib import Path

from grader import place
from grader.errors import WorkspaceError

NBGRADER_CONFIG = '''"""nbgrader in the learner's home; written anew whenever it is needed."""

from grader import place
from study import workspace

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = place.COURSE_ID
c.CourseDirectory.student_id = place.student()  # nbgrader stops at users whom no passwd knows
c.Exchange.root = str(place.exchange())
c.Exchange.cache = str(workspace.state() / "submitted")
c.Exchange.assignment_dir = str(workspace.home())
'''


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


def configure_nbgrader() -> None:
    """Have nbgrader's commands in the learner's home know the course and its exchange."""
    home().mkdir(parents=True, exist_ok=True)
    place.bring_up_to_date(home() / "nbgrader_config.py", NBGRADER_CONFIG)
