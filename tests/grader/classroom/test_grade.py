"""Grading a class: in parallel, resumable, idempotent, and with word of what changed."""

import contextlib
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
from grader.errors import SectionError, WorkspaceError
from grader.pool.local import Local
from grader.section.cells import grade_id
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
    assert all(set(c) == {"grade_id", "points", "score", "verdict", "message", "ratio"}
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
        document = grade(students=["right"])
        with Gradebook(database, "llm-engineering") as gradebook:
            seen.append(gradebook.find_submission(SECTION, "right").late_submission_penalty)
    assert seen == [0, document["submissions"][0]["score"], 0] and seen[1] > 0


@pytest.mark.parametrize("lost", ["assignment", "student", "submission", "everything", "a score"])
def test_the_gradebook_holds_what_was_judged_whatever_became_of_it(course, grade, lost):
    """nbgrader's own commands take rows away, people restore backups: what is kept is written again, and not judged again."""
    workspace = Path(os.environ["COURSE_WORKSPACE"])
    grade()
    before, database = rows(course), workspace / "gradebook.db"
    if lost == "everything":
        database.unlink()
    else:
        with Gradebook(f"sqlite:///{database}", "llm-engineering") as gradebook:
            if lost == "assignment":
                gradebook.remove_assignment(SECTION)
            elif lost == "student":
                gradebook.remove_student("right")
            elif lost == "submission":
                gradebook.remove_submission(SECTION, "right")
            else:
                gradebook.find_grade("double__values", SECTION, SECTION, "right").auto_score = 0
                gradebook.db.commit()
    again = grade()
    everybody = sorted(s["student"] for s in again["submissions"])
    assert again["graded"] == 0 and rows(course) == before
    assert again["restored"] == (everybody if lost in ("assignment", "everything") else ["right"])
    assert again["gradebook"]["right"] == {"total": 8, "late_penalty": 0, "unread": True}
    assert grade()["restored"] == []


def test_points_that_changed_reach_the_gradebook(course, grade):
    """The maximum too, and nobody's notebook counts as repaired for it."""
    given = nbformat.read(course / "release" / SECTION / f"{SECTION}.ipynb", 4)
    for cell in given.cells:
        if (stub := load(SECTION, course).stubs.get(grade_id(cell))) is not None:
            cell.source = stub.source
    nbformat.write(given, Path(os.environ["COURSE_WORKSPACE"]) / "submitted" / "right" / SECTION / f"{SECTION}.ipynb")
    grade()
    source = course / "source" / SECTION / f"{SECTION}.py"
    source.write_text(source.read_text().replace('graded="double__values" points=2', 'graded="double__values" points=3'))
    document = grade()
    right = next(s for s in document["submissions"] if s["student"] == "right")
    assert (right["score"], right["max_score"], right["status"]) == (9, 13, "graded")
    with Gradebook(f"sqlite:///{os.environ['COURSE_WORKSPACE']}/gradebook.db", "llm-engineering") as gradebook:
        submission = gradebook.find_submission(SECTION, "right")
        assert (submission.score, submission.max_score) == (9, 13)
    assert document["changes"]["right"] == {"double__values": {"from": 2, "to": 3, "why": "pass"}}


def test_what_does_not_build_is_not_graded(course, grade):
    grade()
    source = course / "source" / SECTION / f"{SECTION}.py"
    source.write_text(source.read_text().replace('graded="double__inplace" points=1', 'graded="doubble__inplace" points=1'))
    with pytest.raises(SectionError, match="doubble"):
        grade()


def test_asserts_are_tests_however_python_was_started(course, monkeypatch):
    source = course / "source" / SECTION / f"{SECTION}.py"
    marker = "### BEGIN HIDDEN TESTS"
    source.write_text(source.read_text().replace(marker, marker + "\nassert 1 == 2, 'one is two'", 1))
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    right, = by_command(course, "--student", "right")["submissions"]
    assert {c["grade_id"]: c["score"] for c in right["cells"]}["double__values"] == 0


def test_a_gradebook_that_cannot_be_used_is_named_and_nothing_is_lost(course, grade, monkeypatch):
    database = Path(os.environ["COURSE_WORKSPACE"]) / "gradebook.db"
    grade(students=["right"])
    before = rows(course)
    monkeypatch.setattr("grader.classroom.course.PATIENCE", 0.1)
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(WorkspaceError, match="gradebook.db could not be used .*locked.*another program"):
            grade(students=["same"])
    with contextlib.closing(sqlite3.connect(database)) as other:
        saved = [*other.iterdump()]
    database.write_bytes(b"no database" * 1000)
    done = subprocess.run([GRADER, "grade", SECTION], capture_output=True, text=True, cwd=course)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "put a backup" in " ".join(done.stderr.split())
    database.unlink()
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.executescript("\n".join(saved))
    grade(students=["right"])
    assert rows(course) == before


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
