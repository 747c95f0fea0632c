"""Scores as Canvas and Moodle want them."""

import csv
import io
import subprocess

import pytest
from nbgrader.api import Gradebook

from grader.classroom.course import Course
from grader.classroom.export import canvas, moodle, table
from grader.errors import WorkspaceError
from tests.grader.classroom.test_grade import GRADER, SECTION, course, grade  # noqa: F401  (fixtures)

CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,90-mini (771),Other (5),Final Score
"    Points Possible",,,,,10,20,(read only)
"Right, Ada",11,u1,right,A,,3,1
"=HYPERLINK(""x"")",12,same,zz,A,7,-4,1
"Absent, Bo",13,u3,absent,A,6,5,1
"""


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture
def graded(course, grade):  # noqa: F811
    grade()
    return Course(course)


def test_canvas_gets_its_own_export_back(graded, tmp_path):
    theirs = tmp_path / "canvas.csv"
    theirs.write_text(CANVAS, encoding="utf-8")
    done = canvas(graded, [SECTION], theirs)
    header, points, ada, formula, absent = rows(done.text)
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "90-mini (771)", "Other (5)", "Final Score"]
    assert points[5:7] == ["12", "20"] and ada[5:7] == ["8", "3"]
    assert absent[5] == "6", "who handed in nothing keeps what is there"
    assert formula[0] == '\'=HYPERLINK("x")' and float(formula[5]) < 8 and formula[6] == "-4", "found by the SIS User ID"
    assert "Canvas knows no garbage, leaves, raises by SIS Login ID" in done.notes[0]


def test_canvas_gets_a_new_column(graded, tmp_path):
    theirs = tmp_path / "canvas.csv"
    theirs.write_text(CANVAS.replace("90-mini (771)", "91-other (771)"), encoding="utf-8")
    header, points, ada, *_ = rows(canvas(graded, [SECTION], theirs).text)
    assert header[-1] == SECTION and (points[-1], ada[-1], ada[5]) == ("12", "8", "")


@pytest.mark.parametrize(("text", "says"), [
    ("", "is empty"), ("a,b\n1,2\n", "no gradebook of Canvas"), (None, "cannot be read")])
def test_what_is_no_export_of_canvas(graded, tmp_path, text, says):
    if text is not None:
        (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError, match=says):
        canvas(graded, [SECTION], tmp_path / "x.csv")


def test_moodle_gets_people_with_addresses_alone(graded):
    with Gradebook(graded.directory.db_url, graded.directory.course_id) as gradebook:
        gradebook.update_or_create_student("right", email="right@example.org")
        gradebook.update_or_create_student("same", email="@sum(1)")
    done = moodle(graded, [SECTION], percent=True)
    header, right, formula = rows(done.text)
    assert header == ["Email address", SECTION, f"Feedback: {SECTION}"]
    assert right == ["right@example.org", "66.67", ""] and formula[0] == "'@sum(1)" and "double__values" in formula[2]
    assert "Left out" in done.notes[0] and "garbage" in done.notes[0]


def test_on_the_command_line(graded, tmp_path):
    to = tmp_path / "scores.csv"
    run = lambda *args: subprocess.run([GRADER, "export", *args], capture_output=True, text=True, cwd=graded.directory.root)  # noqa: E731
    assert run(SECTION, "--to", str(to)).returncode == 0
    assert to.read_bytes().decode() == table(graded, [SECTION]).text
    assert ["right", SECTION, "8", "12", ""] in rows(to.read_text())
    both = run(SECTION, "--to", str(to), "--moodle", "--canvas", str(to))
    assert both.returncode == 2 and "Either" in both.stderr and "Traceback" not in both.stderr
