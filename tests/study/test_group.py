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
HOST, ADA, BO, CY = 50001, 50002, 50003, 50004
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


def person(course: Path, uid: int, **more) -> Person:
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


WRITE = """
import nbformat, sys
from grader.section.cells import grade_id
from study import workspace
path = workspace.notebook("01-doubling")
notebook = nbformat.read(path, as_version=4)
for cell in notebook.cells:
    if grade_id(cell) == "double":
        cell.source = "def double(x):\\n    return x + x"
    if grade_id(cell) == "written__why":
        cell.source = sys.argv[1]
nbformat.write(notebook, path)
"""
REVIEW = """
import getpass
from grader import place
from grader.classroom import reviews
place.be_somebody()
for asked in reviews.waiting(getpass.getuser()):
    print(asked.answer)
    reviews.say(asked.id, getpass.getuser(), 3, "Name the exponent.")
"""


@others
def test_three_members_and_a_watcher_from_submission_to_peer_review(course):
    passwd = course.parent / "passwd"
    names = {HOST: "hal", ADA: "ada", BO: "bo", CY: "cy"}
    passwd.write_text(Path("/etc/passwd").read_text(encoding="utf-8")
                      + "".join(f"{name}:x:{uid}:{uid}::/nowhere:/bin/sh\n" for uid, name in names.items()))
    host, *members = (person(course, uid, passwd=passwd) for uid in names)

    def do(who, *command):
        done = who.run(*command)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stdout + done.stderr
        return done.stdout

    watch = ("grader", "watch", "--once", "--board", "--peers", "--pause", "0")
    do(host, "python", "-c", PREPARE)
    do(host, *watch)
    for member in members:
        do(member, "course", "fetch", NAME)
        do(member, "python", "-c", WRITE, f"Member {member.uid} says that the exponent grows.")
        assert "SHA-256" in do(member, "course", "submit", NAME, "--yes")
    do(members[0], "course", "board", "--as", "The Countess")
    said = do(host, *watch)
    assert len(re.findall(r"(ada|bo|cy) 01-doubling: 3 of \d", said)) == 3, said
    page = (course / "workspace" / "exchange" / "board.html").read_text()
    assert "The Countess" in page and not re.search(r">(ada|bo|cy)<", page)
    forged = f"ada+{NAME}+2099-01-01 00:00:00.000000 UTC+x"
    do(members[1], "mkdir", f"{course}/workspace/exchange/llm-engineering/inbound/{forged}")
    assert "bo handed something in as ada" in do(host, *watch)
    spoil = members[1].run("sh", "-c", f"rm {course}/workspace/exchange/llm-engineering/board/*.json")
    assert spoil.returncode != 0 and "not permitted" in spoil.stderr
    for member in members:
        assert "2 answers wait" in do(member, "course", "review", "--list")
        assert f"Member {member.uid}" not in do(member, "python", "-c", REVIEW)
    settled = do(host, *watch)
    assert settled.count("was settled by peers") == 3, settled
    assert "0 answers wait" in do(members[0], "course", "review", "--list")
    feedback = list((course / "workspace" / "exchange").glob("*/feedback/*.html"))
    assert feedback and any("Name the exponent." in file.read_text() for file in feedback), said + settled


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
