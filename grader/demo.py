"""`make demo`: a class in small. Three learners fetch, submit, are graded and get feedback, with the real commands."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from . import place
from .errors import DemoError
from .section.cells import grade_id
from .section.load import load
from .section.model import Section

if TYPE_CHECKING:
    from .cases import Case

CONFIGURATION = """# Where this learner's nbgrader finds the course.
c = get_config()
c.CourseDirectory.course_id = {course!r}
c.Exchange.root = {exchange!r}
c.Exchange.cache = {cache!r}
"""


def demo(section_name: str, folder: Path, say: Callable[[str], None]) -> dict:
    """Run the class in `folder`, which is made anew; returns what `grader grade --json` printed."""
    section = load(section_name)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "exchange").mkdir(parents=True)
    (folder / "exchange").chmod(0o777)
    run = Commands(folder, say)
    run("nbgrader", "generate_assignment", section_name, "--force")
    run("nbgrader", "release_assignment", section_name, "--force")
    for student, cases in learners(section).items():
        home = folder / "home" / student
        home.mkdir(parents=True)
        place.replace(home / place.CONFIGURATION, CONFIGURATION.format(
            course=place.COURSE_ID, exchange=str(folder / "exchange"), cache=str(home / ".submitted")))
        run("nbgrader", "fetch_assignment", section_name, cwd=home)
        solve(section, cases, home / section_name / f"{section_name}.ipynb")
        run("nbgrader", "submit", section_name, f"--student={student}", cwd=home)
    run("nbgrader", "collect", section_name)
    document = json.loads(run("grader", "grade", section_name, "--json"))
    run("nbgrader", "generate_feedback", section_name, "--force")
    run("nbgrader", "release_feedback", section_name)
    for student in learners(section):
        run("nbgrader", "fetch_feedback", section_name, cwd=folder / "home" / student)
    return document


def learners(section: Section) -> dict[str, list[Case]]:
    """right: the reference. naive: right but slow. wrong: a misconception in each of the first three exercises."""
    from .cases import find_cases
    cases = [c for c in find_cases(section, section.path)[0] if c.mutant]
    naive = [c for c in cases if c.timed][:1]
    first = {c.exercise: c for c in reversed(cases) if not c.timed}
    return {"right": [], "naive": naive, "wrong": [first[e] for e in list(section.exercises) if e in first][:3]}


def solve(section: Section, cases: list[Case], path: Path) -> None:
    """Fill in a fetched notebook: the reference's solutions, but for the cases."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        key = grade_id(cell)
        if key in section.stubs:
            theirs = [c.source for c in cases if key == c.exercise or key in {section.names[n] for n in c.names}]
            cell.source = "\n\n".join([section.stubs[key].source, *theirs])
        elif key in section.graded and section.graded[key].manual:
            cell.source = "Maximising likelihood is not what people do when they write, so the likeliest text repeats itself."
    nbformat.write(notebook, path)


class Commands:
    """Runs commands at the course's root and prints each as one would type it."""

    def __init__(self, folder: Path, say: Callable[[str], None]):
        self.say = say
        self.env = {**os.environ, "COURSE_WORKSPACE": str(folder), "PYTHONWARNINGS": "ignore"}
        self.where: Path | None = None
        say(f"export COURSE_WORKSPACE={folder}")

    def __call__(self, program: str, *args: str, cwd: Path | None = None) -> str:
        if (where := cwd or place.root()) != self.where:
            self.say(f"cd {where}")
            self.where = where
        self.say(f"{program} {' '.join(args)}")
        command = [str(Path(sys.executable).parent / program), *args]
        done = subprocess.run(command, cwd=where, env=self.env, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise DemoError(f"`{program} {' '.join(args)}` failed: {said[-1] if said else 'it said nothing'}")
        return done.stdout


def feedback_pages(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        yield from sorted((folder / "home").glob("*/*/feedback/*/*.html"))
