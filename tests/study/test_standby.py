"""The judge that stays ready between two checks."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.sandbox.probe import probe
from study import exchange, standby, workspace
from tests.conftest import require

COURSE = Path(sys.executable).parent / "course"
PATIENCE = 120  # seconds


def until(condition, what: str):
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return found


@pytest.fixture
def course(tiny, tmp_path_factory, monkeypatch):
    require(probe().level != "none", "a sandbox (bubblewrap, Landlock or seccomp)")
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path_factory.mktemp("w")))  # a socket's path must be short
    monkeypatch.setenv(standby.SWITCH, "1")
    exchange.fetch("01-doubling")
    yield workspace.notebook("01-doubling")
    standby.ask({"version": "that ends it"})
    until(lambda: not standby.address().exists(), "it has not ended")


def check(*arguments) -> dict:
    done = subprocess.run([COURSE, "check", "01-doubling", *arguments, "--json"], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr  # nothing is written yet
    return json.loads(done.stdout)


def verdicts(document):
    return [(c["grade_id"], c["verdict"], c["message"]) for c in document["cells"]]


def test_the_second_check_is_answered_by_the_one_left_behind(course):
    first = check()
    until(standby.address().exists, "none was left behind")
    request = {"version": standby.version(), "section": "01-doubling", "path": str(course), "exercise": None}
    second = standby.ask(request)
    assert second is not None and verdicts(second) == verdicts(first)
    one = standby.ask(request | {"exercise": "double"})
    assert {c["grade_id"].split("__")[0] for c in one["cells"]} == {"double"}
    course.write_text(course.read_text().replace("# YOUR CODE HERE", "return x + x"))
    assert standby.ask(request)["score"] > second["score"], "each check reads the notebook again"
    assert "no exercise 'triple'" in standby.ask(request | {"exercise": "triple"})["error"]


def test_another_version_of_the_course_ends_it(course):
    check()
    until(standby.address().exists, "none was left behind")
    assert standby.ask({"version": ["elsewhere", 0], "section": "01-doubling", "path": str(course), "exercise": None}) is None
    until(lambda: not standby.address().exists(), "it has not ended")
    assert check()["cells"]
    until(standby.address().exists, "no new one was left behind")
