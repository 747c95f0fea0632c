"""Written answers across all learners, and one learner's whole story."""

import dataclasses
import io
import json
import os
import subprocess

import nbformat
import pytest
from nbgrader.api import Gradebook
from rich.console import Console

from grader.classroom.answers import answers, mark, questions, scheme
from grader.classroom.course import Course
from grader.classroom.marking import mark_all
from grader.errors import SectionError, WorkspaceError
from grader.section.cells import grade_id
from grader.section.load import load
from tests.grader.classroom.test_grade import GRADER, SECTION, course, grade  # noqa: F401  (fixtures)

WRITTEN = {"right": "Because the square roots cancel.", "same": "It is **obvious**.\n\n$x^2$"}


@pytest.fixture
def graded(course, grade):  # noqa: F811
    """The class of test_grade.py; two have answered, one has left the question alone."""
    section = load(SECTION, course)
    for student, text in WRITTEN.items():
        path = course.parent / "workspace" / "submitted" / student / SECTION / f"{SECTION}.ipynb"
        notebook = nbformat.read(path, 4)
        next(c for c in notebook.cells if grade_id(c) == "written__why").source = text
        nbformat.write(notebook, path)
    grade()
    return section, questions(section)[0], Course(course)


def typed(monkeypatch, *lines: str):
    """A console on which somebody types these lines."""
    left = list(lines)
    console = Console(file=io.StringIO(), width=100)
    monkeypatch.setattr(console, "input", lambda prompt: left.pop(0))
    return console


def test_one_question_across_all_learners(graded, monkeypatch):
    section, question, course = graded  # noqa: F811
    waiting = [a for a in answers(section, question, course) if a.unread]
    assert {a.student: a.text for a in waiting if a.student in WRITTEN} == WRITTEN
    console = typed(monkeypatch, "9", "many", *[f"{question.points:g} well said"] * len(waiting))
    assert mark_all(console, section, question, waiting, course) == len(waiting)
    shown = console.file.getvalue()
    assert all(w in shown for w in (WRITTEN["right"], "9 is not between 0 and 4", "'many' is no number"))
    assert not any(a.student in shown for a in waiting), "nobody's name"
    assert all((a.points, a.comment, a.unread) == (4, "well said", False)
               for a in answers(section, question, course) if a.student in WRITTEN)
    with Gradebook(f"sqlite:///{os.environ['COURSE_WORKSPACE']}/gradebook.db", "llm-engineering") as gradebook:
        assert gradebook.find_submission(SECTION, "right").score == 12
    with pytest.raises(WorkspaceError, match="no graded submission .* 'nobody'"):
        mark(section, question, course, "nobody", 1)


def test_what_was_given_is_kept_when_one_stops_and_when_tests_change(graded, grade, monkeypatch):  # noqa: F811
    section, question, course = graded  # noqa: F811
    waiting = [a for a in answers(section, question, course) if a.student in WRITTEN]
    assert mark_all(typed(monkeypatch, "3", "q"), section, question, waiting, course) == 1
    source = section.py_path
    source.write_text(source.read_text().replace('graded="double__values" points=2', 'graded="double__values" points=3'))
    grade()
    found = answers(load(SECTION, course.directory.root and section.root), question, course)
    assert sorted(a.points or 0 for a in found if a.student in WRITTEN) == [0, 3]


def test_the_scheme_is_for_people(graded):
    section, question, _ = graded
    text = scheme(section, question)
    assert "model answer" in text and "MARK SCHEME" not in text and "SOLUTION" not in text


def test_a_section_without_a_question(tiny):
    with pytest.raises(SectionError, match="01-doubling has no written question"):
        questions(dataclasses.replace(load("01-doubling"), graded={}))


def test_on_the_command_line(graded):
    _, question, course = graded  # noqa: F811
    root = course.directory.root
    run = lambda *args: subprocess.run([GRADER, *args], capture_output=True, text=True, cwd=root, stdin=subprocess.DEVNULL)  # noqa: E731
    listed = run("read", SECTION, "--list")
    assert f"right  {question.grade_id}  waits" in listed.stdout
    asked = run("read", SECTION)
    assert asked.returncode == 2 and "--list" in asked.stderr and "Traceback" not in asked.stderr
    told = run("show", "same")
    assert "double__values  0 of 2  fail: " in told.stdout and "an answer to be read" in told.stdout
    document = json.loads(run("show", "same", "--json").stdout)
    assert document["submissions"][0]["section"] == SECTION and document["submissions"][0]["lost"]
    nobody = run("show", "nobody")
    assert nobody.returncode == 2 and "knows no 'nobody'; it knows " in nobody.stderr
