"""`make lab`: JupyterLab on a workspace that is ready to learn in.

    python -m study.lab [--port 8888] [--no-browser] [any other option of jupyter lab]
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def stop(number: int, _) -> None:
    """Ctrl-C, or an end that somebody else asks for. Everything is written whole, so there is nothing to clean up."""
    print("\nStopped; what was prepared is kept for the next time.", file=sys.stderr)
    sys.exit(128 + number)


if __name__ == "__main__":  # before what takes time; JupyterLab has its own way to stop
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)

from grader import place  # noqa: E402
from grader.errors import CourseError, WorkspaceError  # noqa: E402
from grader.section.load import names, syllabus  # noqa: E402

from . import exchange, workspace  # noqa: E402

WELCOME = "Welcome.md"
QUIET = 2.0  # seconds without a word, at most, while something is done

# A learner's JupyterLab: pages open rendered, the instructor's and the author's tools are out of the way.
SETTINGS = {"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
            "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
EXTENSIONS = Path(__file__).with_name("labextensions")
SERVER = {"ServerApp": {"jpserver_extensions": {"study.server": True}}}
HIDDEN = ["nbgrader_config.py", "__pycache__", "*.pyc"]  # in the file browser
DISABLED = ["@jupyter/nbgrader:formgrader", "@jupyter/nbgrader:create-assignment", "@jupyter/nbgrader:course-list",
            "jupyterlab-jupytext"]


def prepare() -> None:
    """Bring exchange, learner's home and welcome page up to date; quick when they are."""
    home, settings = workspace.home(), workspace.state()
    if exchange.ours():
        release_all()
    else:
        print(f"Assignments come from the exchange of this group's host: {place.exchange()}")
    (settings / "labconfig").mkdir(exist_ok=True)
    workspace.configure_nbgrader()
    place.bring_up_to_date(settings / "labconfig" / "default_setting_overrides.json", json.dumps(SETTINGS, indent=1))
    place.bring_up_to_date(settings / "labconfig" / "page_config.json",
           json.dumps({"disabledExtensions": dict.fromkeys(DISABLED, True)}, indent=1))
    (settings / "jupyter_server_config.d").mkdir(exist_ok=True)
    place.bring_up_to_date(settings / "jupyter_server_config.d" / "course.json", json.dumps(SERVER, indent=1))
    place.bring_up_to_date(home / WELCOME, welcome())


def release_all() -> None:
    """Release every section that changed. One that cannot be is named in a sentence and stops nobody."""
    known, released, problems = names(), [], []
    with progress(f"Preparing {len(known)} assignments") as report:
        for done, name in enumerate(known):
            report(done, len(known))
            try:
                released += [name] if exchange.release(name) else []
            except WorkspaceError as error:
                problems.append(str(error))
    for problem in problems:
        print(problem, file=sys.stderr)
    if released:
        print(f"Released {released[0] if len(released) == 1 else f'{len(released)} assignments'}.")


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; elsewhere plain lines, one at once and then every few seconds."""
    if not sys.stdout.isatty():
        print(f"{what} …", flush=True)
        yield _lines(what)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    with Progress(TextColumn(f"{what} …"), BarColumn(), MofNCompleteColumn(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(what: str) -> Callable[[int, int], None]:
    said = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said > QUIET:
            print(f"{what} … {done} of {total}", flush=True)
            said = time.monotonic()
    return report


def welcome() -> str:
    """The page that JupyterLab opens on."""
    known = syllabus()
    rows = [f"| [{name}]({name}/{name}.ipynb) | {known.get(name, {}).get('title', name)} "
            f"| {known.get(name, {}).get('theme', '')} | {known.get(name, {}).get('minutes', '')} |" for name in names()]
    first = names()[0] if names() else "02-decoding"
    return f"""# LLM engineering, by building it

You implement the pieces that interviewers ask about. Tests tell you at once what is wrong and why.

1. **Open** an assignment: a click in the table below, or on an exercise in the panel *Course* on the left, fetches its
   notebook and goes there. (In a terminal, *File → New → Terminal*: `course fetch {first}`)
2. **Read**, move the slider, fill the stubs, run the cells.
3. **Check**: the button under each stub judges that exercise, hidden tests too, and so does Ctrl+Alt+Enter; *Check all* in
   the toolbar judges the notebook. (`course check {first}`)
4. **Submit**, where somebody grades you: *Nbgrader → Assignment List*. Feedback arrives in the same place.

| assignment | | theme | minutes |
| :--- | :--- | :--- | ---: |
{chr(10).join(rows)}

Only the notebook is handed in: a file or module beside it is not there while grading, but a cell with `%%writefile` can
make one. Grading has no network and starts no programs; `!pip` and the like are passed over there. Cells that you add may
compute for 20 s together, apart from your answers.

Stuck? Hints stand under the stub too, one at a time (`course hint EXERCISE`). The solution opens after a pass or three honest
attempts (`course solution EXERCISE`). Your map, the interview cards of today and how ready you are for a date are in the panel
(`course progress`, `course cards`, `course ready DATE`).
"""


def options(arguments: list[str]) -> list[str]:
    """The options of JupyterLab for this machine, and these extra ones."""
    has_display = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ours = ["--ServerApp.root_dir", str(workspace.home()),
            "--LabApp.default_url", f"/lab/tree/{WELCOME}", "--ServerApp.log_level", "WARN",
            f"--LabApp.extra_labextensions_path={EXTENSIONS}",
            "--ServerApp.terminado_settings=" + str({"shell_command": [os.environ.get("SHELL") or "sh"]}),  # a login shell
            # would set PATH anew, and `course` would not be found
            "--LabApp.workspaces_dir", str(workspace.state() / "tabs"),  # open tabs of other projects stay there
            *(f"--ContentsManager.hide_globs={glob}" for glob in HIDDEN)]
    if not has_display and "--no-browser" not in arguments:
        ours.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        ours.append("--allow-root")
    return ours + arguments


def main(arguments: list[str]) -> int:
    try:
        place.be_somebody()
        prepare()
    except (CourseError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    paths = [str(workspace.state()), str(workspace.home()), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    os.chdir(workspace.home())
    print("Starting JupyterLab; its address follows. Stop it with Ctrl+C, twice.", flush=True)
    from jupyterlab.labapp import LabApp
    LabApp.launch_instance(options(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
