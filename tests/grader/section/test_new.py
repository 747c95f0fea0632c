"""`grader new` makes a section that is built and proven as it stands."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from grader.section.load import load
from grader.section.skeleton import skeleton
from tests.conftest import ROOT

GRADER = str(Path(sys.executable).parent / "grader")


def test_the_skeleton_is_proven_at_once(tmp_path, monkeypatch, warm):
    (tmp_path / "source").mkdir()
    (tmp_path / "course").mkdir()
    shutil.copy(ROOT / "course" / "syllabus.toml", tmp_path / "course")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))

    def grader(*args):
        return subprocess.run([GRADER, *args], capture_output=True, text=True, cwd=ROOT)

    assert grader("new", "40-thing").returncode == 0
    assert grader("build", "40-thing").returncode == 0
    assert skeleton(load("40-thing", tmp_path)) == []
    assert json.loads(grader("prove", "40-thing", "--json").stdout)["ok"]
    again = grader("new", "40-thing")
    assert again.returncode == 2 and "is there already" in again.stderr
    bad = grader("new", "Thing")
    assert bad.returncode == 2 and "no name for a section" in bad.stderr and "Traceback" not in bad.stderr
