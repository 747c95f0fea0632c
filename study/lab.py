"""`make lab`: JupyterLab on a workspace that is ready to learn in.

    python -m study.lab [--port 8888] [--no-browser] [any other option of jupyter lab]
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from grader.errors import CourseError
from grader.section.load import names, syllabus

from . import workspace
from .exchange import release_all

WELCOME = "Welcome.md"

NBGRADER_CONFIG = '''"""nbgrader in the learner's home; written anew by `make lab`."""

from grader import place
from study import workspace

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = place.COURSE_ID
c.Exchange.root = str(place.exchange())
c.Exchange.cache = str(workspace.state() / "submitted")
c.Exchange.assignment_dir = str(workspace.home())
'''

# A learner's JupyterLab: pages open rendered, the instructor's and the author's tools are out of the way.
SETTINGS = {"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
            "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
HIDDEN = ["nbgrader_config.py", "__pycache__", "*.pyc"]  # in the file browser
DISABLED = ["@jupyter/nbgrader:formgrader", "@jupyter/nbgrader:create-assignment", "@jupyter/nbgrader:course-list",
            "jupyterlab-jupytext"]


def prepare() -> None:
    """Bring exchange, learner's home and welcome page up to date; quick when they are."""
    home, settings = workspace.home(), workspace.state()
    for name in release_all():
        print(f"released {name}")
    (settings / "labconfig").mkdir(exist_ok=True)
    _write(home / "nbgrader_config.py", NBGRADER_CONFIG)
    _write(settings / "labconfig" / "default_setting_overrides.json", json.dumps(SETTINGS, indent=1))
    _write(settings / "labconfig" / "page_config.json",
           json.dumps({"disabledExtensions": dict.fromkeys(DISABLED, True)}, indent=1))
    _write(home / WELCOME, welcome())


def _write(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def welcome() -> str:
    """The page that JupyterLab opens on."""
    known = syllabus()
    rows = [f"| [{name}]({name}/{name}.ipynb) | {known.get(name, {}).get('title', name)} "
            f"| {known.get(name, {}).get('minutes', '')} |" for name in names()]
    first = names()[0] if names() else "02-decoding"
    return f"""# LLM engineering, by building it

You implement the pieces that interviewers ask about. Tests tell you at once what is wrong and why.

1. **Fetch** an assignment: menu *Nbgrader → Assignment List*, button *Fetch*. In a terminal: `course fetch {first}`
2. **Open** its notebook, below or in the file browser. Read, move the slider, fill the stubs, run the cells.
3. **Check** the whole of it, hidden tests too, in a terminal (*File → New → Terminal*): `course check {first}`
4. **Submit** in the Assignment List. Feedback arrives in the same place.

| assignment (opens once it is fetched) | | minutes |
| :--- | :--- | ---: |
{chr(10).join(rows)}

Stuck? `course hint EXERCISE` gives one hint at a time. `course solution EXERCISE` opens after a pass or three honest
attempts. `course progress` is your map, and `course cards` asks you interview questions when you are about to forget
them.
"""


def command(arguments: list[str]) -> list[str]:
    """The `jupyter lab` call for this machine and these extra arguments."""
    has_display = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    call = [sys.executable, "-m", "jupyterlab", "--ServerApp.root_dir", str(workspace.home()),
            "--LabApp.default_url", f"/lab/tree/{WELCOME}", "--ServerApp.log_level", "WARN",
            "--LabApp.workspaces_dir", str(workspace.state() / "tabs"),  # open tabs of other projects stay there
            *(f"--ContentsManager.hide_globs={glob}" for glob in HIDDEN)]
    if not has_display and "--no-browser" not in arguments:
        call.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        call.append("--allow-root")
    return call + arguments


def main(arguments: list[str]) -> int:
    try:
        prepare()
    except (CourseError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    paths = [str(workspace.state()), str(workspace.home()), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    os.chdir(workspace.home())
    print("Starting JupyterLab; its address follows. Stop it with Ctrl+C, twice.", flush=True)
    call = command(arguments)
    os.execv(call[0], call)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
