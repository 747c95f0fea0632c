"""Several accounts of one machine: each has a home of its own, one hosts, and nobody sees or breaks another's things."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.people import Person, others

NAME = "01-doubling"
HOST, ADA, BO = 50001, 50002, 50003
PREPARE = "from study import lab; lab.prepare()"


@pytest.fixture
def course() -> Iterator[Path]:
    """A checkout of the host's, which the others may read; pytest's own folders are closed to them."""
    open_to_all = Path(tempfile.mkdtemp(prefix="group-"))
    open_to_all.chmod(0o755)
    checkout = open_to_all / "course"
    shutil.copytree(ROOT / "tests" / "data" / "tiny", checkout)
    shutil.copy(ROOT / "nbgrader_config.py", checkout)
    subprocess.run([Path(sys.executable).parent / "grader", "build"], check=True, capture_output=True,
                   env=os.environ | {"COURSE_ROOT": str(checkout)})
    subprocess.run(["chown", "-R", f"{HOST}:{HOST}", checkout], check=True)
    yield checkout
    shutil.rmtree(open_to_all)


def person(course: Path, uid: int, **more: str) -> Person:
    return Person(uid, course.parent / f"home-{uid}", COURSE_ROOT=str(course), COURSE_STANDBY="0", **more)


@others
def test_a_host_and_two_members_share_a_checkout_and_nothing_else(course):
    host, ada, bo = (person(course, uid) for uid in (HOST, ADA, BO))
    said = [p.run("python", "-c", PREPARE) for p in (host, ada, bo)]
    assert all(done.returncode == 0 for done in said), said
    assert "Released 01-doubling" in said[0].stdout and "this group's host" in said[1].stdout + said[2].stdout
    homes = {p: p.home / "llm-engineering" / "home" for p in (ada, bo)}
    for p in (ada, bo):
        fetched = p.run("course", "fetch", NAME)
        assert fetched.returncode == 0 and (homes[p] / NAME / f"{NAME}.ipynb").stat().st_uid == p.uid, fetched.stderr
        checked = p.run("course", "check", NAME)
        assert "not written" in checked.stdout or "missing" in checked.stdout, checked.stdout + checked.stderr
    theirs = bo.run("cat", str(homes[ada] / NAME / f"{NAME}.ipynb"))
    assert theirs.returncode != 0 and "Permission denied" in theirs.stderr
    exchange = course / "workspace" / "exchange" / "llm-engineering"
    spoil = ada.run("sh", "-c", f"echo no > {exchange}/outbound/{NAME}/{NAME}.ipynb")
    assert spoil.returncode != 0 and "Permission denied" in spoil.stderr
    assert ada.run("ls", str(exchange / "inbound")).returncode != 0, "what others hand in is not listed"


@others
def test_a_user_whom_no_passwd_knows_can_learn(course):
    """Containers run so: no name, no HOME."""
    workspace = course.parent / "anywhere"
    workspace.mkdir()
    os.chown(workspace, ADA, ADA)
    nobody = Person(ADA, None, COURSE_ROOT=str(course), COURSE_WORKSPACE=str(workspace), COURSE_STANDBY="0")
    assert nobody.run("python", "-m", "study.lab", "--version").returncode == 0
    assert nobody.run("course", "fetch", NAME).returncode == 0
    assert re.search(r"0 of \d+ points", nobody.run("course", "check", NAME).stdout)
    assert "There is no submission" in nobody.run("grader", "grade", NAME).stderr
