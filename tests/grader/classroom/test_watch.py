"""The host of a study group: each submission is graded as it arrives in nbgrader's exchange, and answered there."""

import contextlib
import errno
import os
import shutil
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from nbgrader.apps import NbGraderAPI
from nbgrader.utils import capture_log

from grader.cases import Case, compose
from grader.classroom import grade as grading
from grader.classroom import watch as watching
from grader.classroom.grade import Course
from grader.classroom.watch import Watch
from grader.errors import WorkspaceError
from grader.pool.local import Local
from grader.section import build
from grader.section.load import load
from tests.conftest import ROOT

SECTION = "90-mini"
RIGHT, SQUARES = "return x * 2", "return x * x"


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "tests" / "data" / "mini" / "source", root / "source")
    (root / "course").symlink_to(ROOT / "course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    build.build([SECTION])
    return root


@pytest.fixture
def exchange(root, tmp_path) -> Path:
    (tmp_path / "workspace" / "exchange").mkdir(parents=True)
    (tmp_path / "workspace" / "exchange").chmod(0o777)
    api = NbGraderAPI(config=Course(root).config)
    for step in (api.generate_assignment, api.release_assignment):
        assert step(SECTION)["success"]
    return tmp_path / "workspace" / "exchange"


def submit(root: Path, home: Path, student: str, body: str) -> None:
    """As the Assignment List does it."""
    section = load(SECTION, root)
    text = compose(section, Case(student, "double", f"def double(x):\n    {body}", ("double",), True, False))
    (home / student / SECTION).mkdir(parents=True, exist_ok=True)
    (home / student / SECTION / f"{SECTION}.ipynb").write_text(text)
    api = NbGraderAPI(config=Course(root).config)
    api.coursedir.assignment_id, api.coursedir.student_id = SECTION, student
    with contextlib.chdir(home / student):
        done = capture_log(api.exchange.Submit(coursedir=api.coursedir, authenticator=api.authenticator, parent=api))
    assert done["success"], done


def feedback(exchange: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in exchange.glob("*/feedback/*.html")}


def test_submissions_are_graded_as_they_arrive(root, exchange, warm, tmp_path):
    said = []
    watch = Watch(root, [SECTION], Local(warm), said.append)
    watch.run(1, once=True)
    assert len(said) == 1 and said[0].startswith("Nothing new") and not feedback(exchange)

    submit(root, tmp_path / "home", "ada", SQUARES)
    watch.run(1, once=True)
    assert len(said) == 2 and "ada 90-mini: 2 of 12, lost points in double__values" in said[1]
    assert len(feedback(exchange)) == 1

    submit(root, tmp_path / "home", "bo", RIGHT)
    submit(root, tmp_path / "home", "ada", RIGHT)  # a second attempt takes the place of the first
    watch.run(1, once=True)
    assert sorted(line.split(" ", 1)[1] for line in said[2:]) == ["ada 90-mini: 8 of 12", "bo 90-mini: 8 of 12"]
    assert len(feedback(exchange)) == 3, "one page for each submission"

    before = feedback(exchange)
    Watch(root, [SECTION], Local(warm), said.append).run(1, once=True)  # started anew: nothing is done twice
    assert len(said) == 5 and said[4].startswith("Nothing new") and feedback(exchange) == before


def test_one_member_does_not_ask_all_the_time(root, exchange, warm, tmp_path, monkeypatch):
    said, now = [], [1000.0]
    monkeypatch.setattr("grader.classroom.watch.clock", lambda: now[0])
    watch = Watch(root, [SECTION], Local(warm), said.append, pause=30)
    for student, body in (("ada", SQUARES), ("ada", RIGHT), ("bo", RIGHT)):
        submit(root, tmp_path / "home", student, body)
        watch.look()
    assert [line.split()[1] for line in said] == ["ada", "bo"] and watch.failed, "the second attempt waits"
    now[0] += 31
    watch.look()
    assert "ada 90-mini: 8 of 12" in said[-1] and len(said) == 3


def test_it_waits_until_a_submission_is_there_in_full(root, exchange, warm):
    inbound = exchange / "llm-engineering" / "inbound"
    watch = Watch(root, [SECTION], Local(warm), print)
    entry = inbound / f"cy+{SECTION}+2026-01-01 10:00:00.000000 UTC"
    entry.mkdir()

    def copy_slowly():
        for i in range(4):
            time.sleep(0.5)
            (entry / f"part-{i}").touch()
    copying = threading.Thread(target=copy_slowly)
    copying.start()
    watch.settled()
    assert (entry / "part-3").exists()
    copying.join()


def test_without_an_exchange_it_says_what_to_do(root, warm):
    with pytest.raises(WorkspaceError, match="make lab"):
        Watch(root, [SECTION], Local(warm), print)


def test_the_same_work_handed_in_again_is_answered_again(root, exchange, warm, tmp_path):
    """Judged once, and each submission has its page."""
    said = []
    watch = Watch(root, [SECTION], Local(warm), said.append)
    for pages in (1, 2):
        submit(root, tmp_path / "home", "ada", RIGHT)
        watch.run(1, once=True)
        assert len(feedback(exchange)) == pages
    assert sum("ada 90-mini: 8 of 12" in line for line in said) == 1


def test_what_a_locked_gradebook_delayed_comes_at_the_next_look(root, exchange, warm, tmp_path, monkeypatch):
    said = []
    watch = Watch(root, [SECTION], Local(warm), said.append)
    submit(root, tmp_path / "home", "ada", RIGHT)
    monkeypatch.setattr("grader.classroom.course.PATIENCE", 0.1)
    with contextlib.closing(sqlite3.connect(tmp_path / "workspace" / "gradebook.db", isolation_level=None)) as other:
        other.execute("begin exclusive")
        assert watch.look() == 0 and watch.failed
        assert "locked" in said[-1] and "Background on this error" not in " ".join(said)
    watch.run(1, once=True)
    assert not watch.failed and "ada 90-mini: 8 of 12" in said[-1] and len(feedback(exchange)) == 1


CROWD = int(os.environ.get("WATCH_CROWD", "9"))  # `make term` has a thousand


class Counting:
    """Judges who count how often they judged each student."""

    def __init__(self, judges):
        self.judges, self.isolation, self.seen = judges, judges.isolation, Counter()

    def judge_all(self, jobs):
        jobs = list(jobs)
        self.seen.update(job.name for job in jobs)
        return self.judges.judge_all(jobs)


def hand_in(root, exchange, number):
    """A submission as it lies in the exchange: every third one is wrong."""
    student, body = f"m{number:04d}", RIGHT if number % 3 else SQUARES
    folder = exchange / "llm-engineering" / "inbound" / f"{student}+{SECTION}+2026-11-27 10:00:00.000000 UTC+{number:08x}"
    folder.mkdir()
    case = Case(student, "double", f"def double(x):\n    {body}", ("double",), True, False)
    (folder / f"{SECTION}.ipynb").write_text(compose(load(SECTION, root), case))
    (folder / "timestamp.txt").write_text("2026-11-27 10:00:00.000000 UTC")
    (folder / "submission_secret.txt").write_text(f"{number:032x}")


def test_a_crowd_is_graded_once_through_a_restart_and_a_full_disk(root, exchange, warm, monkeypatch):
    monkeypatch.setattr(watching, "BATCH", max(2, CROWD // 50))
    for number in range(CROWD):
        hand_in(root, exchange, number)
    said, judges = [], Counting(Local(warm))

    def stopped(line):
        said.append(line)
        if len(said) == CROWD // 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Watch(root, [SECTION], judges, stopped).run(1, once=True)
    full = Full(monkeypatch)
    watch = Watch(root, [SECTION], judges, said.append)
    watch.run(1, once=True)
    assert full.hit and said[-1].endswith("No space left on device.") and watch.failed
    watch.run(1, once=True)
    assert not watch.failed and len(feedback(exchange)) == CROWD
    lines = Counter(line.split()[1] for line in said if f" {SECTION}: " in line and " of 12" in line)
    assert max(lines.values()) == 1
    again = [student for student, times in judges.seen.items() if times > 1]
    assert len(judges.seen) == CROWD and max(judges.seen.values()) <= 2 and len(again) <= watching.BATCH, \
        "what was under way when the disk was full is judged again, and nothing else"
    with Course(root).gradebook as gradebook:
        scores = Counter(s.score for s in gradebook.assignment_submissions(SECTION))
    assert scores == {8.0: CROWD - len(range(0, CROWD, 3)), 2.0: len(range(0, CROWD, 3))}
    Watch(root, [SECTION], judges, said.append).run(1, once=True)
    assert said[-1].startswith("Nothing new")


class Full:
    """A disk that is full when the second verdict is kept."""

    def __init__(self, monkeypatch):
        self.hit, self.calls, self.keep = False, 0, grading.keep
        monkeypatch.setattr(grading, "keep", self)

    def __call__(self, *args):
        self.calls += 1
        if self.calls == 2 and not self.hit:
            self.hit = True
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(args[0]))
        return self.keep(*args)
