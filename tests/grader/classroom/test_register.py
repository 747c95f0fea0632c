"""An assignment enters the gradebook when an instructor's command needs it, as nbgrader itself would enter it."""

import sqlite3

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde

from grader import place
from grader.classroom.course import Course
from grader.classroom.register import enter, register
from grader.errors import SectionError
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


def test_cells_that_changed_are_entered_again_until_submissions_came(course, tiny):
    register(load(NAME), course)
    py = tiny / "source" / NAME / f"{NAME}.py"
    py.write_text(py.read_text().replace("double__dtype", "double__kind"))
    build.build([NAME])
    register(load(NAME), course)
    with course.gradebook as gradebook:
        assert {c.name for c in gradebook.find_notebook(NAME, NAME).grade_cells} == set(load(NAME).graded)
        gradebook.add_student("ada")
        gradebook.add_submission(NAME, "ada")
    py.write_text(py.read_text().replace("double__kind", "double__dtype"))
    build.build([NAME])
    with pytest.raises(SectionError, match="after submissions came in"):
        register(load(NAME), course)


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
