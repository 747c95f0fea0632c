"""The group's board: who stands on it, and what."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader import place
from grader.classroom import board, kept, members
from grader.classroom.course import Course
from grader.classroom.watch import Watch
from grader.errors import WorkspaceError
from grader.judge.verdict import Cell, Result
from grader.section.load import load
from study import exchange

SECTION = "01-doubling"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def course(tiny) -> Course:
    exchange.release(SECTION)
    members.open_to_members()
    return Course(tiny)


@pytest.fixture
def owners(monkeypatch) -> dict[str, str]:
    """File name -> its owner, else as its name says; one user runs the tests."""
    found: dict[str, str] = {}
    real = members.owner
    monkeypatch.setattr(members, "owner", lambda file: real(file) and found.get(file.name, file.stem.split("+")[0]))
    return found


class Slow:
    """Judges who find every case too slow, and count how many they saw."""

    def __init__(self):
        self.seen = 0

    def judge_all(self, jobs):
        for job in jobs:
            self.seen += 1
            yield Result(job.name, [Cell(grade_id, 1, 0.0, "too_slow", "", 41.5) for grade_id in load(SECTION).graded])


def judged(course, student, days_ago=0.0, passed=True, ratio=None):
    """A member's submission, and the verdict that was kept of it."""
    submitted = Path(course.folder(course.directory.submitted_directory, student, SECTION))
    submitted.mkdir(parents=True)
    (submitted / f"{SECTION}.ipynb").write_text("{}")
    (submitted / "timestamp.txt").write_text(f"{NOW - timedelta(days=days_ago):%Y-%m-%d %H:%M:%S.%f} UTC")
    folder = Path(course.folder(course.directory.autograded_directory, student, SECTION))
    folder.mkdir(parents=True)
    cells = [{"grade_id": g.grade_id, "points": g.points, "score": g.points * passed, "message": "", "ratio": None,
              "verdict": "manual" if g.manual else "pass" if passed else "fail"} for g in load(SECTION).graded.values()]
    cells[0]["ratio"] = ratio
    (folder / kept.FILE).write_text(json.dumps({"key": "k", "submission": {"student": student, "cells": cells}}))


def page(course) -> str:
    return board.write(course, [SECTION], Slow(), NOW).read_text()


def test_nobody_stands_on_it_unasked(course, owners):
    judged(course, "ada")
    assert "ada" not in page(course) and "Nobody stands here yet" in page(course)
    members.join("ada", "The Countess")
    assert "The Countess" in page(course) and "ada" not in page(course)
    members.leave("ada")
    members.leave("ada")
    assert "The Countess" not in page(course)


def test_effort_of_the_week_comes_first(course, owners):
    for student, days in (("ada", 8), ("bo", 1)):
        judged(course, student, days)
        members.join(student, student.upper())
    judged(course, "cy", 0, passed=False)
    members.join("cy", "CY")
    text = page(course)
    assert text.index(">BO<") < text.index(">ADA<") < text.index(">CY<")
    row = text[text.index(">BO<"):text.index(">ADA<")]
    assert row.count(">2<") == 2 or row.count(">1<") == 2, "as many this week as in all"
    assert ">0<" in text[text.index(">ADA<"):text.index(">CY<")]


def test_the_ladder_has_the_reference_between_the_members(course, owners):
    for student, ratio in (("ada", 0.5), ("bo", 2.25)):
        judged(course, student, ratio=ratio)
        members.join(student, student.upper())
    judged(course, "cy", ratio=0.01)  # who did not ask is not there
    ladder = page(course).split("Ladders")[1]
    assert ladder.index(">ADA<") < ladder.index(">the reference<") < ladder.index(">BO<")
    assert "2.25" in ladder and "0.01" not in ladder


def test_the_naive_way_is_the_lowest_rung(course, owners, tiny):
    judged(course, "ada", ratio=0.5)
    members.join("ada", "ADA")
    mutants = tiny / "source" / SECTION / "mutants"
    mutants.mkdir()
    (mutants / "double__slow.py").write_text('"""Timed: one by one."""\n\n\ndef double(x):\n    return x\n')
    ladder = page(course).split("Ladders")[1]
    assert ladder.index(">the reference<") < ladder.index(">the naive way<") and "41.50" in ladder
    judges = Slow()
    board.write(course, [SECTION], judges, NOW)
    assert judges.seen == 0, "measured once"
    (place.workspace() / "naive" / f"{SECTION}.json").write_text('{"key"')
    board.write(course, [SECTION], judges, NOW)
    assert judges.seen == 1, "and again where what was kept is damaged"


def test_a_name_is_words_and_nothing_else(course, owners):
    judged(course, "ada")
    members.join("ada", "<script>alert(1)</script>\n\x1b[31m")
    assert "<script>" not in page(course) and "&lt;script&gt;" in page(course)
    with pytest.raises(WorkspaceError, match="a character at least"):
        members.join("ada", " \n ")


def test_what_is_no_name_of_its_owner_counts_for_nothing(course, owners, tmp_path):
    folder = members.names_folder()
    for name, content in {"ada": "{", "bo": "[]", "cy": '{"name": 7}', "di": json.dumps({"name": "x" * 2000}),
                          "ed": json.dumps({"name": "not Ed"})}.items():
        (folder / f"{name}.json").write_text(content)
    owners["ed.json"] = "fred"
    (folder / "fi.json").symlink_to(tmp_path / "nowhere")
    (folder / "gi.json").mkdir()
    assert members.known() == {"fred": "not Ed"}, "by its owner"
    members.join("ed", "Ed")
    assert members.known() == {"fred": "not Ed", "ed": "Ed"}, "nobody can take the place of another"


def test_without_a_board_one_cannot_stand_on_it(tiny):
    with pytest.raises(WorkspaceError, match="grader watch --board"):
        members.join("ada", "Ada")


def test_everybody_may_leave_a_file_and_remove_no_others(course):
    assert members.names_folder().stat().st_mode & 0o7777 == 0o1777
    assert members.names_folder().stat().st_uid == os.getuid()


def test_the_watch_keeps_it_when_somebody_joins(course, owners, monkeypatch):
    judged(course, "ada")
    watch = Watch(place_root(course), [SECTION], None, lambda line: None, with_board=True)
    watch._keep_board(0)
    assert "Nobody stands here yet" in members.page().read_text()
    members.join("ada", "Ada")
    watch._keep_board(0)
    assert "Ada" in members.page().read_text()
    before = members.page().stat().st_mtime_ns
    watch._keep_board(0)
    assert members.page().stat().st_mtime_ns == before, "nothing changed"


def place_root(course):
    return Path(course.directory.root)
