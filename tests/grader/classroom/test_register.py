"""An assignment enters the gradebook when an instructor's command needs it, as nbgrader itself would enter it."""

import sqlite3

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde

from grader import place
from grader.classroom.course import Course
from grader.classroom.register import enter, register
from grader.section import build
from grader.section.load import load
from study import exchange

NAME = "01-doubling"


@pytest.fixture
def course(tiny) -> Course:
    build.build([NAME])
    return Course(tiny)


def rows(path) -> dict[str, list]:
    """Everything in a gradebook but its random ids, and the empty course that nbgrader adds: table -> rows."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        tables = [name for name, in connection.execute("select name from sqlite_master where type = 'table'")
                  if name != "course"]
        return {table: sorted(str({k: row[k] for k in row.keys() if k != "id" and not k.endswith("_id")})
                              for row in connection.execute(f"select * from {table}")) for table in tables}


def test_it_is_entered_as_nbgrader_enters_it(course, tmp_path):
    register(load(NAME), course)
    ours = rows(place.workspace() / "gradebook.db")
    config = place.configuration()
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/theirs.db"
    assert NbGraderAPI(config=config).generate_assignment(NAME)["success"]
    assert rows(tmp_path / "theirs.db") == ours and len(ours["source_cell"]) == 6


def test_it_is_entered_once(course):
    section = load(NAME)
    register(section, course)
    before = rows(place.workspace() / "gradebook.db")
    register(section, course)
    assert rows(place.workspace() / "gradebook.db") == before


def test_an_assignment_that_only_has_a_date_is_filled(course):
    with course.gradebook as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate="2030-01-01 12:00:00.000000 UTC")
        enter(load(NAME), gradebook)
    with course.gradebook as gradebook:
        assert gradebook.find_assignment(NAME).duedate.year == 2030
        assert gradebook.find_notebook(NAME, NAME).max_score == load(NAME).points


def test_a_change_reaches_the_gradebook_and_spares_what_it_does_not_concern(course, tiny, tmp_path):
    """Points, a new name, a new cell: after submissions came in and a person gave points."""
    register(load(NAME), course)
    with course.gradebook as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission(NAME, "ada")
        for grade in gradebook.find_submission_notebook(NAME, NAME, "ada").grades:
            grade.auto_score, grade.manual_score = 1, 2
        gradebook.find_comment("double", NAME, NAME, "ada").manual_comment = "well done"
        gradebook.db.commit()
    py = tiny / "source" / NAME / f"{NAME}.py"
    changed = py.read_text().replace("double__dtype", "double__kind")
    first = next(g for g in load(NAME).graded.values() if g.exercise == "double" and "dtype" not in g.grade_id)
    header = f'graded="{first.grade_id}" points={first.points:g}'
    assert header in changed
    py.write_text(changed.replace(header, f'graded="{first.grade_id}" points=3'))
    build.build([NAME])
    register(load(NAME), course)
    with course.gradebook as gradebook:
        grades = {g.name: (g.auto_score, g.manual_score) for g in
                  gradebook.find_submission_notebook(NAME, NAME, "ada").grades}
        assert grades.pop("double__kind") == (None, None) and set(grades.values()) == {(1, 2)}
        assert "double__dtype" not in grades and first.grade_id in grades
        assert gradebook.find_comment("double", NAME, NAME, "ada").manual_comment == "well done"
        assert gradebook.find_notebook(NAME, NAME).max_score == load(NAME).points
    config = place.configuration()
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/theirs.db"
    assert NbGraderAPI(config=config).generate_assignment(NAME)["success"]
    cells = ("base_cell", "grade_cells", "solution_cells", "source_cell")
    ours, theirs = rows(place.workspace() / "gradebook.db"), rows(tmp_path / "theirs.db")
    assert {t: ours[t] for t in cells} == {t: theirs[t] for t in cells}, "as nbgrader enters it from the start"


def test_nbgrader_autograde_needs_no_instructor_before_it(course):
    """A study group: learners fetched what `make lab` released, and nobody ran `nbgrader generate_assignment`."""
    exchange.release(NAME)
    submitted = place.workspace() / "submitted" / "ada" / NAME
    submitted.mkdir(parents=True)
    (submitted / f"{NAME}.ipynb").write_text((exchange.outbound(NAME) / f"{NAME}.ipynb").read_text())
    config = place.configuration()
    course.directory.assignment_id = NAME
    autograde = Autograde(coursedir=course.directory, config=config)
    autograde.init_notebooks()
    autograde.exporter_class(parent=autograde, config=config)  # as `nbgrader autograde` makes it, first of all
    with Gradebook(course.directory.db_url, place.COURSE_ID) as gradebook:
        assert gradebook.find_notebook(NAME, NAME).max_score == load(NAME).points
