"""The mock interview: what it asks, what it makes of the answers."""

import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.errors import WorkspaceError
from grader.section.load import syllabus
from study import desk, events, interview, workspace
from study.folds import Card
from study.interview import Answer, plan, points, rating

COURSE = Path(sys.executable).parent / "course"


@pytest.fixture
def whole(tmp_path, monkeypatch):
    """The real sections, and nothing remembered yet."""
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))


def card(answer, level="killer"):
    return Card("02-decoding", level, "Why?", answer, "02-decoding/own1")


def test_points_are_the_items_of_a_list_or_the_sentences():
    assert points(card("- one\n  goes on\n- two\n")) == ["one goes on", "two"]
    assert points(card("First so.\n- one\n- two")) == ["First so.", "one", "two"]
    sentences = ["One of 0.5 is so.", "Two.", "$x$ is three, e.g. this."]
    assert points(card(" ".join(sentences))) == sentences


def test_every_killer_card_of_the_course_has_points_to_mark(whole):
    few = [c.id for c in desk.deck().values() if c.level == "killer" and not 2 <= len(points(c)) <= 12]
    assert not few, "a killer card's answer is a list, or several sentences"


def test_the_weakest_come_first_and_few_of_one_section(whole):
    day = desk.today()
    known = list(desk.deck().values())[:40]
    events.append(*({"event": "reviewed", "card": c.id, "rating": 4} for c in known))
    planned = plan(60, day=day, seed=3)
    asked = [q.card for q in planned.questions]
    assert len(asked) == (60 - interview.TASK_MINUTES) // interview.MINUTES and planned.task
    assert not {c.id for c in asked} & {c.id for c in known}
    assert max(sum(c.section == s for c in asked) for s in {c.section for c in asked}) <= interview.EACH
    following = [(q.card, q.follow_up.card) for q in planned.questions if q.follow_up]
    assert following and all(f.section == c.section and f not in asked for c, f in following)
    assert plan(60, day=day, seed=3) == planned != plan(60, day=day, seed=4)


def test_theme_and_level_are_kept_to(whole):
    planned = plan(45, "Weights", "killer", seed=1)
    assert planned.questions and {q.card.level for q in planned.questions} == {"killer"}
    sections = {q.card.section for q in planned.questions} | {planned.task[0]}
    assert sections <= {name for name, entry in syllabus().items() if entry["theme"] == "Weights"}
    assert plan(15, seed=1).task is None, "too short for code"
    for wrong in ({"theme": "Cooking"}, {"level": "divine"}):
        with pytest.raises(WorkspaceError, match="There is no"):
            plan(30, **wrong)


def test_a_card_comes_back_by_the_share_of_its_points(tiny):
    assert [rating(s) for s in (0, 0.39, 0.4, 0.69, 0.7, 0.99, 1)] == [1, 1, 2, 2, 3, 3, 4]
    first, second = desk.deck().values()
    answers = [Answer(first, "all of it", list(range(len(points(first)))), 65), Answer(second, "", [], 5)]
    path = interview.conclude(answers, {"section": "01-doubling", "exercise": "double", "score": 2, "max_score": 3}, 1,
                              datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert path.relative_to(workspace.home()) == Path("Interviews/2026-01-02 03.04.05.md")
    text = path.read_text()
    for part in ("50% of the points of 2 answers; 1 more was not asked.", "2 of 3 points", "1:05 minutes, 100%"):
        assert part in text
    again = text.split("come back as cards")[1]
    assert f"- {second.question}" in again and f"- {first.question}" not in again
    assert [(e["card"], e["rating"]) for e in events.read()[0]] == [(first.id, 4), (second.id, 1)]


def test_points_that_do_not_exist_count_for_nothing():
    assert Answer(card("- a\n- b"), "", [0, 0, 7, -1]).share == 0.5


def test_it_is_held_on_a_terminal(tiny):
    parent, child = pty.openpty()
    held = subprocess.Popen([COURSE, "interview", "--minutes", "5"], stdin=child, stdout=child, stderr=child)
    os.close(child)
    shown = b""
    for typed in [b"I would double it.\n.\n", b"1\n", b"Nothing.\n.\n", b"\n"]:
        shown += os.read(parent, 65536)
        os.write(parent, typed)
    while True:
        try:
            shown += os.read(parent, 65536)
        except OSError:  # the other end is closed
            break
    assert held.wait(timeout=30) == 0, shown.decode()
    (report,) = (workspace.home() / "Interviews").iterdir()
    assert "> I would double it." in report.read_text() and "Traceback" not in shown.decode()
    assert re.search(r"The\s+report\s+is\s+in", shown.decode())


def test_without_a_terminal_it_says_where_it_is_held(tiny):
    done = subprocess.run([COURSE, "interview"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 2 and "held on a terminal" in done.stderr and "Traceback" not in done.stderr
