"""The judge that stays ready between two checks."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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


def servers() -> list[int]:
    """The processes that serve this workspace's socket, or are about to; not their forks."""
    found = []
    for status in Path("/proc").glob("[0-9]*/environ"):
        try:
            ours = f"COURSE_WORKSPACE={os.environ['COURSE_WORKSPACE']}".encode() in status.read_bytes().split(b"\0")
            pid = int(status.parent.name)
            if ours and b"study.standby" in (status.parent / "cmdline").read_bytes() and os.getsid(pid) == pid:
                found.append(pid)
        except OSError:
            continue
    return found


@pytest.fixture
def course(tiny, tmp_path_factory, monkeypatch):
    require(probe().level != "none", "a sandbox (bubblewrap, Landlock or seccomp)")
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path_factory.mktemp("w")))  # a socket's path must be short
    monkeypatch.setenv(standby.SWITCH, "1")
    exchange.fetch("01-doubling")
    yield workspace.notebook("01-doubling")
    standby.ask({"version": "that ends it"}, start=False)
    until(lambda: not servers(), "it has not ended")


@pytest.fixture
def request_(course) -> dict:
    return {"version": standby.version(), "section": "01-doubling", "path": str(course), "exercise": None}


def check(*arguments) -> dict:
    done = subprocess.run([COURSE, "check", "01-doubling", *arguments, "--json"], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr  # nothing is written yet
    return {"cells": [cell for exercise in json.loads(done.stdout)["exercises"] for cell in exercise["cells"]]}


def verdicts(document):
    return [(c["grade_id"], c["verdict"], c["message"]) for c in document["cells"]]


def test_one_that_is_asked_to_get_ready_answers_the_first_check(course, request_):
    standby.make_ready("01-doubling")
    assert standby.ask(request_, start=False)["cells"]


def test_the_first_check_is_answered_by_the_one_it_starts_and_the_next_by_the_same(course, request_):
    first = check()
    (server,) = servers()
    second = standby.ask(request_)
    assert verdicts(second) == verdicts(first) and servers() == [server]
    one = standby.ask(request_ | {"exercise": "double"})
    assert {c["grade_id"].split("__")[0] for c in one["cells"]} == {"double"}
    course.write_text(course.read_text().replace("# YOUR CODE HERE", "return x + x"))
    again = standby.ask(request_)
    assert again["score"] > second["score"], "each check reads the notebook again"
    assert again["exercises"]["double"]["attempt"] and not second["exercises"]["double"]["attempt"]
    assert "no exercise 'triple'" in standby.ask(request_ | {"exercise": "triple"})["error"]
    assert servers() == [server]


def test_checks_that_come_while_it_starts_wait_for_the_same_one(course, request_):
    with ThreadPoolExecutor(4) as pool:
        documents = list(pool.map(standby.ask, [request_] * 4))
    assert len({json.dumps(verdicts(d)) for d in documents}) == 1
    assert len(servers()) == 1


def test_another_version_of_the_course_ends_it_and_starts_a_new_one(course, request_):
    check()
    (old,) = servers()
    assert standby.ask(request_ | {"version": ["elsewhere", 0]}) == {}
    assert not standby.address().exists(), "there is room for a new one as soon as the old one has answered"
    assert verdicts(standby.check("01-doubling", course))
    until(lambda: old not in servers(), "the old one has not ended")
    assert len(servers()) == 1


def test_who_knows_nothing_does_not_disturb_it(course, request_):
    check()
    for nonsense in (b"", b"{\n", b"[]\n", b"{}\n", b"3\n"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(standby.address()))
            connection.sendall(nonsense)
            connection.shutdown(socket.SHUT_WR)
            assert connection.makefile().read() == ""
    assert standby.ask(request_, start=False)["cells"]


def test_a_killed_one_is_replaced(course, request_):
    check()
    (old,) = servers()
    os.kill(old, signal.SIGKILL)
    until(lambda: old not in servers(), "it lives")
    assert standby.ask(request_, start=False) is None and standby.address().exists(), "its socket is still there"
    assert verdicts(standby.ask(request_)) and old not in servers()


def test_where_none_can_start_the_check_judges_by_itself(course, request_, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        patch.setattr(standby, "check_notebook", lambda *asked: {"asked": asked})
        assert standby.ask(request_) is None
        assert standby.check("01-doubling", course) == {"asked": ("01-doubling", course, None)}


def test_it_ends_when_nobody_asks(course, request_):
    standby._start(idle=0.1)
    assert standby.ask(request_, start=False)["cells"]
    until(lambda: not servers(), "it has not ended")
    assert not standby.address().exists()
