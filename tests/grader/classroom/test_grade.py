"""Grading a class: in parallel, resumable, idempotent, and with word of what changed."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from grader.cases import Case, compose
from grader.classroom.grade import grade as grade_class
from grader.pool.local import Local
from grader.section.load import load
from tests.conftest import ROOT

GRADER = str(Path(sys.executable).parent / "grader")
SECTION = "90-mini"
WRONG = {"same": "return x", "leaves": "import os; os._exit(0)", "raises": "return x / 0"}


@pytest.fixture
def course(tmp_path, monkeypatch, warm) -> Path:
    """A course with one small section and five submissions: the reference, wrong ones, and one that is no notebook."""
    root = tmp_path / "course-root"
    shutil.copytree(ROOT / "tests" / "data" / "mini" / "source", root / "source")
    (root / "course").symlink_to(ROOT / "course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))
    section = load(SECTION, root)
    texts = {"right": nbformat.writes(section.notebook), "garbage": "{"}
    for student, body in WRONG.items():
        texts[student] = compose(section, Case(student, "double", f"def double(x):\n    {body}\n", ("double",), True, False))
    for student, text in texts.items():
        folder = tmp_path / "workspace" / "submitted" / student / SECTION
        folder.mkdir(parents=True)
        (folder / f"{SECTION}.ipynb").write_text(text)
    subprocess.run([GRADER, "build"], check=True, capture_output=True, cwd=root)
    return root


@pytest.fixture
def grade(course, warm):
    """`grader grade` without a process of its own."""
    return lambda jobs=None, **how: grade_class(SECTION, course, Local(warm, jobs), **how)


def by_command(root: Path, *args: str) -> dict:
    done = subprocess.run([GRADER, "grade", SECTION, "--json", *args], capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows(root: Path) -> list[tuple]:
    """What the gradebook holds, without the random ids."""
    database = Path(os.environ["COURSE_WORKSPACE"]) / "gradebook.db"
    with sqlite3.connect(database) as connection:
        return sorted(connection.execute(
            "select student.id, base_cell.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade from grade "
            "join submitted_notebook on grade.notebook_id = submitted_notebook.id "
            "join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id "
            "join student on submitted_assignment.student_id = student.id "
            "join base_cell on grade.cell_id = base_cell.id"))


def test_a_class_is_graded_once_and_the_same_way_again(course, grade):
    first = by_command(course)
    by_student = {s["student"]: s for s in first["submissions"]}
    by_machine = [g for g in load(SECTION, course).graded.values() if not g.manual]
    assert by_student["right"]["score"] == sum(g.points for g in by_machine)
    for student in WRONG:
        assert 0 < by_student[student]["score"] < by_student["right"]["score"]
    assert by_student["garbage"]["status"] == "unreadable" and by_student["garbage"]["score"] == 0
    assert all(set(c) == {"grade_id", "points", "score", "verdict", "message"}
               for s in first["submissions"] for c in s["cells"])
    before = rows(course)
    assert before
    second = grade()
    assert second["graded"] == 0 and second["submissions"] == first["submissions"] and rows(course) == before
    third = grade(jobs=1, force=True)
    assert third["changes"] == {} and rows(course) == before


def test_a_run_killed_anywhere_ends_with_the_same_grades(course, grade):
    for kills in range(4):  # each run gets a little further
        run = subprocess.Popen([GRADER, "grade", SECTION, "--json", "--jobs", "2"], cwd=course,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        autograded = Path(os.environ["COURSE_WORKSPACE"]) / "autograded"
        while run.poll() is None and len(list(autograded.glob("*/*/verdict.json"))) <= kills:
            try:
                run.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
    resumed = grade()
    assert resumed["kept"] >= 1
    interrupted = rows(course)
    fresh = grade(force=True)
    assert fresh["changes"] == {} and rows(course) == interrupted
    assert len(fresh["submissions"]) == len(resumed["submissions"])


def test_an_edited_test_says_whose_score_changed_and_why(course, grade):
    grade()
    source = course / "source" / SECTION / f"{SECTION}.py"
    text = source.read_text()
    marker = "### BEGIN HIDDEN TESTS"
    source.write_text(text.replace(marker, marker + "\nassert False, 'a stricter test'", 1))
    changes = grade()["changes"]
    assert "right" in changes and "garbage" not in changes
    (aspect, change), = changes["right"].items()
    assert change["to"] == 0 < change["from"] and "a stricter test" in change["why"]


def test_one_student_and_nobody(course):
    assert [s["student"] for s in by_command(course, "--student", "right")["submissions"]] == ["right"]
    done = subprocess.run([GRADER, "grade", SECTION, "--student", "nobody"], capture_output=True, text=True, cwd=course)
    assert done.returncode == 2 and "There is no submission" in done.stderr and "Traceback" not in done.stderr


def test_the_late_penalty_of_nbgrader_counts_and_is_taken_back(course, grade):
    """With nbgrader's plug-in for late work: none where nothing is late, all points where it is, none once it is not."""
    with (course / "nbgrader_config.py").open("a") as config:
        config.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    workspace = Path(os.environ["COURSE_WORKSPACE"])
    (workspace / "submitted" / "right" / SECTION / "timestamp.txt").write_text("2025-03-02 12:00:00.000000 UTC")
    database = f"sqlite:///{workspace / 'gradebook.db'}"
    seen = []
    for due in (None, "2025-03-01 12:00:00.000000 UTC", "2025-03-03 12:00:00.000000 UTC"):
        if due:
            with Gradebook(database, "llm-engineering") as gradebook:
                gradebook.update_or_create_assignment(SECTION, duedate=due)
        document = grade(student="right", force=True)
        with Gradebook(database, "llm-engineering") as gradebook:
            seen.append(gradebook.find_submission(SECTION, "right").late_submission_penalty)
    assert seen == [0, document["submissions"][0]["score"], 0] and seen[1] > 0


def test_both_ways_are_one(course, grade):
    """`nbgrader autograde` gives the same grades and judged notebooks, and `grader grade` believes what it left behind."""
    workspace = Path(os.environ["COURSE_WORKSPACE"])

    def judged() -> dict[str, str]:
        return {p.parent.parent.name: p.read_text() for p in workspace.glob(f"autograded/*/{SECTION}/{SECTION}.ipynb")}

    def cells(notebook: str) -> list:
        return [(c["cell_type"], c["source"], c.get("outputs")) for c in json.loads(notebook)["cells"]]

    for command in (["generate_assignment", SECTION, "--force"], ["autograde", SECTION, "--create"]):
        subprocess.run([Path(sys.executable).parent / "nbgrader", *command], check=True, capture_output=True, cwd=course)
    left, shown = rows(course), judged()
    believed = grade()
    assert (believed["graded"], believed["kept"]) == (0, len(WRONG) + 2) and rows(course) == left
    ours = grade(force=True)
    assert ours["submissions"] == [s | {"seconds": o["seconds"]} for s, o in zip(believed["submissions"], ours["submissions"])]
    assert rows(course) == left
    assert {who: cells(text) for who, text in judged().items()} == {who: cells(text) for who, text in shown.items()}
