"""The learner's command line, on a tiny course and with the real programs."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from grader import place
from grader.judge.verdict import Cell, Result
from grader.section import build
from grader.section.cells import grade_id
from grader.section.load import load
from study import desk, events, exchange, outline, workspace
from study.check import by_exercise
from study.folds import cards as read_cards
from study.folds import hints
from study.progress import digest, log_check
from tests.conftest import set_up_tiny

COURSE = Path(sys.executable).parent / "course"
WRONG = ["def double(x):\n    return x * 3", "def double(x):\n    return x - 4", "def double(x):\n    return -x"]


def course(*arguments, code=0):
    """Run the console script; stdout on success, stderr otherwise. Never a traceback."""
    done = subprocess.run([COURSE, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


def one_line(text, *parts):
    assert len(text.strip().splitlines()) == 1, text
    for part in parts:
        assert part in text
    return text


@pytest.fixture(scope="module")
def fetched_once(tmp_path_factory):
    """A workspace with the assignment in it; making one takes seconds, copying it nothing."""
    folder = tmp_path_factory.mktemp("fetched")
    with pytest.MonkeyPatch.context() as patch:
        set_up_tiny(folder, patch)
        exchange.fetch("01-doubling")
    return folder / "workspace"


@pytest.fixture
def fetched(tiny, fetched_once):
    shutil.copytree(fetched_once, place.workspace(), dirs_exist_ok=True)
    return workspace.notebook("01-doubling")


def write(path, code, answer="Only the exponent changes."):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if grade_id(cell) == "double":
            cell.source = code
        if grade_id(cell) == "written__why":
            cell.source = answer
    nbformat.write(notebook, path)


def check(tiny, path, code):
    """What `course check` remembers about a piece of code, without the seconds that judging takes."""
    write(path, code)
    right, section = "x + x" in code, load("01-doubling")
    cells = [Cell(g.grade_id, g.points, g.points * right, "pass" if right else "fail") for g in section.graded.values()]
    result = Result("me", cells, notebook=nbformat.read(path, as_version=4))
    log_check("01-doubling", by_exercise(section, result))


# --- fetch and check -------------------------------------------------------------------------------------------------

def test_fetch_brings_the_released_notebook_and_spares_work(tiny):
    course("fetch", "01-doubling")
    fetched = workspace.notebook("01-doubling")
    assert "YOUR CODE HERE" in fetched.read_text() and "return x + x" not in fetched.read_text()
    write(fetched, WRONG[0])
    before = fetched.read_bytes()
    course("fetch", "01-doubling")
    assert fetched.read_bytes() == before
    assert not list(fetched.parent.rglob("*.py"))


def test_a_section_that_does_not_build_is_fetched_as_it_was_or_refused_in_a_sentence(tiny):
    py = tiny / "source" / "01-doubling" / "01-doubling.py"
    whole = py.read_text()
    py.write_text(whole.replace(' points=2', ""))
    one_line(course("fetch", "01-doubling", code=2), "01-doubling is left out", "points")
    py.write_text(whole)
    assert exchange.release("01-doubling")
    py.write_text(whole.replace(' points=2', ""))
    course("fetch", "01-doubling")
    assert workspace.notebook("01-doubling").is_file()


def test_check_judges_hidden_tests_too(fetched):
    visible_only = "def double(x):\n    return torch.tensor([2.0, 4.0]).to(x.dtype)"
    write(fetched, visible_only)
    done = subprocess.run([COURSE, "check", "01-doubling", "--json"], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    verdicts = {c["grade_id"]: c["verdict"] for e in json.loads(done.stdout)["exercises"] for c in e["cells"]}
    assert verdicts["double__values"] == "fail" and verdicts["double__dtype"] == "pass"

    write(fetched, "def double(x):\n    return x + x")
    shown = course("check", "01-doubling", "double")
    assert "pass  values  2 / 2" in shown and "3 of 3 points" in shown and "as it was saved at" in shown
    assert "3 / 3" in course("progress")
    assert "return x + x" in course("solution", "double")


def test_the_model_answer_opens_after_an_answer_of_ones_own(fetched):
    one_line(course("solution", "written", code=1), "Write your own answer", "written__why")
    write(fetched, "def double(x):\n    return x + x", answer="Because the exponent changes alone.")
    shown = course("solution", "written")
    assert "exponent" in shown and "SOLUTION" not in shown and "MARK SCHEME" not in shown


@pytest.mark.parametrize("arguments, parts", [
    (["check", "05-nothing"], ["no section '05-nothing'", "01-doubling"]),
    (["check", "01-doubling"], ["no notebook of 01-doubling", "course fetch 01-doubling"]),
    (["fetch", "05-nothing"], ["no section '05-nothing'", "01-doubling"]),
    (["hint", "triple"], ["no exercise 'triple'", "double"]),
    (["hint", "double", "--section", "nowhere"], ["no section 'nowhere'"]),
    (["solution", "triple"], ["no exercise 'triple'"]),
    (["solution", "written"], ["no notebook of 01-doubling", "course fetch"]),
    (["hint", "written"], ["no hints for written"]),
    (["cards", "nowhere"], ["no section 'nowhere'"]),
    (["board", "--as", "Ada"], ["grader watch --board"]),
    (["submit", "01-doubling"], ["no notebook of 01-doubling", "course fetch"]),
    (["reset", "01-doubling"], ["no notebook of 01-doubling", "course fetch"]),
    (["cards"], ["terminal", "--list"]),
])
def test_wrong_use_gets_one_sentence(tiny, arguments, parts):
    one_line(course(*arguments, code=2), *parts)


def test_check_of_an_unknown_exercise(fetched):
    one_line(course("check", "01-doubling", "triple", code=2), "no exercise 'triple'", "double")


def test_a_damaged_line_costs_nothing_else(tiny):
    course("hint", "double")
    with events.path().open("a") as file:
        file.write("{ damaged\n")
    course("hint", "double")
    shown = course("progress")
    assert re.search(r"double +0 / 3 +0 +2 / 3", shown) and "1 line of" in shown and "the rest is whole" in shown


def test_reset_empties_the_stub_and_keeps_the_work(fetched):
    write(fetched, WRONG[0])
    before = fetched.read_bytes()
    assert "empty again" in course("reset", "01-doubling", "double")
    code = next(c.source for c in nbformat.read(fetched, as_version=4).cells if grade_id(c) == "double")
    released = nbformat.read(exchange.outbound("01-doubling") / fetched.name, as_version=4)
    assert code == next(c.source for c in released.cells if grade_id(c) == "double")
    kept = list((workspace.home() / desk.KEPT).iterdir())
    assert [path.read_bytes() for path in kept] == [before]
    one_line(course("reset", "01-doubling", "triple", code=2), "no exercise 'triple'")
    fetched.write_text("{")
    one_line(course("reset", "01-doubling", code=2), "cannot be read as a notebook")
    assert fetched.read_text() == "{"


def test_what_is_remembered_moves_to_another_machine(tiny, tmp_path, monkeypatch):
    course("hint", "double")
    file = tmp_path / "mine.jsonl"
    course("export", str(file))
    one_line(course("export", str(file), code=2), "is there already")
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "other"))
    assert "1 new events" in course("import", str(file)) and "0 new events" in course("import", str(file))
    assert re.search(r"double +0 / 3 +0 +1 / 3", course("progress"))
    foreign = tmp_path / "foreign.txt"
    foreign.write_text("not ours\n")
    one_line(course("import", str(foreign), code=2), "no record of this course")
    one_line(course("import", str(tmp_path / "none"), code=2), "no file")


def test_readiness_for_a_day(tiny):
    shown = course("ready", "2999-01-01")
    assert "0 of 2 cards" in shown and "minutes a day" in shown
    one_line(course("ready", "tomorrow", code=2), "is no date")
    one_line(course("ready", "2020-01-01", code=2), "is past")


# --- hints and solution ----------------------------------------------------------------------------------------------

def test_hints_come_one_at_a_time(tiny):
    shown = [course("hint", "double") for _ in range(4)]
    assert ["1 of 3" in shown[0], "2 of 3" in shown[1], "3 of 3" in shown[2], "3 of 3" in shown[3]] == [True] * 4
    assert "plus" in shown[0] and "3 becomes 6" not in shown[0] and "3 becomes 6" in shown[1]
    assert re.search(r"double +0 / 3 +0 +3 / 3", course("progress"))


def test_an_outline_tells_what_its_section_does(tiny):
    whole = load("01-doubling")
    assert outline.outline("01-doubling") is whole, "nothing is built yet"
    build.build()
    quick = outline.outline("01-doubling")
    assert quick is not whole and list(quick.exercises) == list(whole.exercises) and quick.points == whole.points
    assert read_cards(quick) == read_cards(whole) and hints(quick, "double") == hints(whole, "double")
    assert "SOLUTION" not in quick.stubs["double"].source


def test_the_solution_opens_after_three_honest_attempts(tiny, fetched):
    one_line(course("solution", "double", code=1), "3 more honest attempts")
    untouched = next(c.source for c in nbformat.read(fetched, as_version=4).cells if grade_id(c) == "double")
    check(tiny, fetched, untouched)
    check(tiny, fetched, WRONG[0])
    check(tiny, fetched, WRONG[0])
    check(tiny, fetched, WRONG[0] + "  # the same again")
    one_line(course("solution", "double", code=1), "2 more honest attempts")
    check(tiny, fetched, WRONG[1])
    one_line(course("solution", "double", code=1), "1 more honest attempt:")
    check(tiny, fetched, WRONG[2])
    shown = course("solution", "double")
    assert "return x + x" in shown and "SOLUTION" not in shown and "NotImplementedError" not in shown


def test_the_solution_opens_after_a_pass_and_stays_open(tiny, fetched):
    check(tiny, fetched, "def double(x):\n    return x + x")
    check(tiny, fetched, WRONG[0])
    assert "return x + x" in course("solution", "double")
    assert re.search(r"double +0 / 3 +2", course("progress")), "points are those of the last check"


def test_code_is_new_only_when_it_does_something_else():
    assert digest("def f(x):\n    return x") == digest("def f(x):  # same\n\n    return (x)")
    assert digest("def f(x):\n    return x") != digest("def f(x):\n    return -x")
    assert digest("x * 1") == digest("x * 2") != digest("x / 2"), "another number is no other idea"
    assert digest("def f(:") == "", "what is no Python is no attempt"
    assert digest("!pip list\nx = 1") == digest("!pip list\nx = 1  # more") != ""


# --- cards -----------------------------------------------------------------------------------------------------------

def test_cards_are_listed(tiny):
    shown = course("cards", "--list")
    assert "What is twice two?" in shown and "killer" in shown and "new" in shown


def test_cards_are_asked_on_a_terminal(tiny):
    parent, child = pty.openpty()
    asking = subprocess.Popen([COURSE, "cards", "01-doubling"], stdin=child, stdout=child, stderr=child)
    os.close(child)
    shown = b""
    for typed in [b"\n", b"9\n", b"3\n", b"\n", b"1\n", b"\n", b"4\n"]:  # answer, a slip, good; answer, again, easy
        shown += os.read(parent, 65536)
        os.write(parent, typed)
    while True:
        try:
            shown += os.read(parent, 65536)
        except OSError:  # the other end is closed
            break
    assert asking.wait(timeout=30) == 0, shown
    assert "Four." in shown.decode() and "Traceback" not in shown.decode()
    assert [(e["card"], e["rating"]) for e in events.read()[0]] == [
        ("01-doubling/own1", 3), ("01-doubling/own2", 1), ("01-doubling/own2", 4)], "what was not known is asked again"
