"""`autograded/` holds a page in a fresh clone: neither nbgrader's commands nor the formgrader stumble over it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.apps import NbGraderAPI

from grader import place
from grader.section import build
from tests.conftest import ROOT

SECTION = "01-doubling"


@pytest.fixture
def course(tiny, monkeypatch) -> Path:
    """The tiny course with everything below its root, as in a fresh clone."""
    monkeypatch.delenv("COURSE_WORKSPACE")
    (tiny / "autograded").mkdir()
    shutil.copy(ROOT / "autograded" / "README.md", tiny / "autograded")
    build.build(root=tiny)
    submitted = tiny / "submitted" / "ada" / SECTION
    submitted.mkdir(parents=True)
    shutil.copy(tiny / "release" / SECTION / f"{SECTION}.ipynb", submitted)
    monkeypatch.chdir(tiny)
    return tiny


def nbgrader(course: Path, *arguments: str) -> str:
    # PYTHONPATH: nbgrader looks in the current directory first, whose `course` is no package here.
    done = subprocess.run([Path(sys.executable).parent / "nbgrader", *arguments], cwd=course, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_git_keeps_the_page_and_nothing_else():
    kept = subprocess.run(["git", "ls-files", "autograded"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert kept in ([], ["autograded/README.md"])  # none outside of a checkout
    assert len((ROOT / "autograded" / "README.md").read_text(encoding="utf-8").splitlines()) == 3


def test_nbgrader_and_the_formgrader_pass_it_over(course, warm):
    nbgrader(course, "generate_assignment", SECTION, "--force")
    nbgrader(course, "autograde", SECTION)
    nbgrader(course, "generate_feedback", SECTION)
    nbgrader(course, "export")
    api = NbGraderAPI(config=place.configuration(course))
    assert [s["id"] for s in api.get_students()] == ["ada"]
    [assignment] = api.get_assignments()
    assert assignment["num_submissions"] == 1
    [submission] = api.get_submissions(SECTION)
    assert submission["student"] == "ada" and submission["autograded"]
    assert api.get_autograded_students(SECTION) == {"ada"}
    assert (course / "feedback" / "ada" / SECTION / f"{SECTION}.html").is_file()
