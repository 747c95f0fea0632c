"""The whole nbgrader cycle with the real commands: from the source to a learner's feedback and the table of grades."""

import csv
import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from grader.sandbox.probe import probe
from grader.section import build
from grader.section.cells import grade_id
from tests.conftest import ROOT, require, set_up_tiny

pytestmark = pytest.mark.xdist_group("cycle")  # the class goes through it once
SECTION, COURSE_ID, SCRIPTS = "01-doubling", "llm-engineering", Path(sys.executable).parent
RIGHT = "def double(x):\n    import sys, warnings\n    warnings.warn('a warning costs nothing')\n    return x + x"
WRONG = "def double(x):\n    return (x * 2).float()"  # the dtype is lost
HOSTILE = '''
def double(x):
    """<script>page_of_the_learner()</script>"""
    raise ValueError("<script>page_of_the_learner()</script><img src=x onerror=page_of_the_learner()>")

from IPython.display import HTML, Javascript, display
print("<script>page_of_the_learner()</script> <svg onload=page_of_the_learner()> \\033[31m<iframe src=//learner>")
display(HTML("<script>page_of_the_learner()</script>"), Javascript("page_of_the_learner()"))
'''
ACTIVE = '''# <a href="javascript:page_of_the_learner()">a</a> [b](javascript:page_of_the_learner()) [c](data:text/html,)

<script>page_of_the_learner()</script><img src="//learner" onerror="page_of_the_learner()"><iframe src="//learner">
<svg onload="page_of_the_learner()"></svg><svg><a xlink:href="javascript:page_of_the_learner()">d</a></svg>
<form action="//learner"><button>e</button></form><style>body {display: none}</style><object data="//learner"></object>
<p onclick="page_of_the_learner()" style="position: fixed" id="written__why" class="score">f</p><base href="//learner">
<a href="&#106;avascript:page_of_the_learner()">g</a> $x < <script>page_of_the_learner()</script>$ <math></math>
'''
HIDDEN, SOLUTION, SCHEME = "-3.0", "return x + x", "only the exponent changes"
MANUAL = 3.0


# --- a class of three goes through it once ---------------------------------------------------------------------------

@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """The course after everybody submitted, was graded and got feedback."""
    require(probe().level != "none", "a sandbox (bubblewrap, Landlock or seccomp)")
    with pytest.MonkeyPatch.context() as patch:
        room = Room(tmp_path_factory.mktemp("cycle"), patch)
        patch.setenv("PYTHONPATH", str(ROOT))  # its folder `course` must not pass for the package of that name
        build.build([SECTION])
        room.instructor("generate_assignment", SECTION)
        room.instructor("release_assignment", SECTION)
        room.learner("ann", "fetch_assignment", SECTION, "--course", COURSE_ID)
        for student, code in {"bob": WRONG, "eve": HOSTILE, "ann": RIGHT}.items():
            if student != "ann":  # what the command brings is the same for all, and the command takes seconds
                shutil.copytree(room.notebook("ann").parent, room.notebook(student).parent)
            fill(room.notebook(student), code, ACTIVE if student == "eve" else "Only the exponent changes.")
            room.learner(student, "submit", SECTION, "--course", COURSE_ID, f"--student={student}")
        room.instructor("collect", SECTION)
        room.instructor("autograde", SECTION)
        with room.gradebook() as gradebook:  # what the formgrader writes when a person types points
            grade = gradebook.find_grade("written__why", SECTION, SECTION, "ann")
            assert grade.needs_manual_grade
            grade.manual_score, grade.needs_manual_grade = MANUAL, False
            gradebook.find_comment("written__why", SECTION, SECTION, "ann").manual_comment = "And *overflow*?"
            gradebook.db.commit()
        room.instructor("generate_feedback", SECTION)
        room.instructor("release_feedback", SECTION)
        room.learner("ann", "fetch_feedback", SECTION, "--course", COURSE_ID)
        yield room


class Room:
    """A temporary course, its learners' homes, and the commands as each of them types them."""

    def __init__(self, folder, patch):
        self.course, self.workspace = set_up_tiny(folder, patch), folder / "workspace"

    def instructor(self, *arguments):
        return nbgrader(*arguments, cwd=self.course)

    def learner(self, student, *arguments):
        home = self.workspace / "home" / student
        home.mkdir(parents=True, exist_ok=True)
        exchange = f"--Exchange.root={self.workspace}/exchange", f"--Exchange.cache={home}/.cache"
        return nbgrader(*arguments, *exchange, cwd=home)

    def notebook(self, student):
        return self.workspace / "home" / student / SECTION / f"{SECTION}.ipynb"

    def feedback(self, student):
        return (self.workspace / "feedback" / student / SECTION / f"{SECTION}.html").read_text()

    def gradebook(self):
        return Gradebook(f"sqlite:///{self.workspace}/gradebook.db", COURSE_ID)

    def config(self):
        return PyFileConfigLoader("nbgrader_config.py", path=str(self.course)).load_config()

    def grades(self, columns=("auto_score", "manual_score", "needs_manual_grade")):
        """(student, cell) -> what the gradebook has on it."""
        with self.gradebook() as gradebook:
            return {(s.student.id, g.cell.name): tuple(getattr(g, c) for c in columns)
                    for s in gradebook.assignment_submissions(SECTION) for n in s.notebooks for g in n.grades}


def nbgrader(*arguments, cwd, program="nbgrader"):
    done = subprocess.run([SCRIPTS / program, *arguments], cwd=cwd, capture_output=True, text=True,
                          env={**os.environ, "PYTHONWARNINGS": "ignore"})
    assert done.returncode == 0, f"{program} {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def fill(path, code, answer):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = {"double": code, "written__why": answer}.get(grade_id(cell), cell.source)
    if answer == ACTIVE:
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(ACTIVE))
        notebook.cells.insert(2, nbformat.v4.new_raw_cell(ACTIVE))
        notebook.cells.insert(3, nbformat.v4.new_code_cell("print(1)", outputs=[nbformat.v4.new_output(
            "display_data", {"text/html": ACTIVE, "application/javascript": "page_of_the_learner()"})]))
    nbformat.write(notebook, path)


def test_the_scores_are_what_the_work_deserves(room):
    assert room.grades() == {
        ("ann", "double__values"): (2, None, False), ("ann", "double__dtype"): (1, None, False),
        ("ann", "written__why"): (None, MANUAL, False),
        ("bob", "double__values"): (2, None, False), ("bob", "double__dtype"): (0, None, False),
        ("bob", "written__why"): (None, None, True),
        ("eve", "double__values"): (0, None, False), ("eve", "double__dtype"): (0, None, False),
        ("eve", "written__why"): (None, None, True)}


def test_the_exported_table_has_the_scores(room, tmp_path):
    room.instructor("export", "--to", str(tmp_path / "grades.csv"))
    table = {row["student_id"]: row for row in csv.DictReader((tmp_path / "grades.csv").open())}
    assert {student: float(row["score"]) for student, row in table.items()} == {"ann": 3 + MANUAL, "bob": 2, "eve": 0}
    assert {float(row["max_score"]) for row in table.values()} == {7}


def test_validate_tells_the_learner_what_fails(room):
    said = room.learner("bob", "validate", f"{SECTION}/{SECTION}.ipynb")
    assert "The following cell failed" in said and "expected int16, got torch.float32" in said


def test_grading_again_changes_nothing_and_spares_what_a_person_gave(room):
    before = room.grades()
    room.instructor("autograde", SECTION, "--force")
    assert room.grades(("auto_score", "manual_score")) == {k: v[:2] for k, v in before.items()}
    nbgrader("grade", SECTION, "--force", cwd=room.course, program="grader")
    assert room.grades(("auto_score", "manual_score")) == {k: v[:2] for k, v in before.items()}
    once = room.grades()
    nbgrader("grade", SECTION, "--force", cwd=room.course, program="grader")
    assert room.grades() == once
    with room.gradebook() as gradebook:
        assert gradebook.find_submission(SECTION, "ann").score == 3 + MANUAL


def test_plain_nbgrader_gives_honest_work_the_same_score_cell_by_cell(room, tmp_path):
    """Stock preprocessors, the same submissions, another gradebook. Only the warning is dear there."""
    config = room.config()
    for name in ("sanitize_preprocessors", "autograde_preprocessors", "exporter_class"):
        config.Autograde.pop(name, None)
    config.CourseDirectory.root = str(room.course)
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/plain.db"
    config.CourseDirectory.submitted_directory = str(tmp_path / "submitted")
    config.CourseDirectory.autograded_directory = str(tmp_path / "autograded")
    for student, code in {"quiet": RIGHT.replace("    warnings.warn", "    # "), "ann": RIGHT, "bob": WRONG}.items():
        path = tmp_path / "submitted" / student / SECTION / f"{SECTION}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(nbformat.read(room.course / "release" / SECTION / f"{SECTION}.ipynb", as_version=4), path)
        fill(path, code, "Only the exponent changes.")
    api = NbGraderAPI(config=config)
    assert api.generate_assignment(SECTION)["success"]
    for student in ("quiet", "ann", "bob"):
        result = api.autograde(SECTION, student)
        assert result["success"], result["log"]
    ours = room.grades(("auto_score",))
    with Gradebook(config.CourseDirectory.db_url, COURSE_ID) as gradebook:
        def plain(student, cell):
            return gradebook.find_grade(cell, SECTION, SECTION, student).auto_score
        for cell in ("double__values", "double__dtype", "written__why"):
            assert (plain("quiet", cell),) == ours["ann", cell]
            assert (plain("bob", cell),) == ours["bob", cell]
        assert plain("ann", "double__values") == 0, "plain nbgrader takes a warning for a mistake; we do not"


# --- what feedback says, and what it does not ------------------------------------------------------------------------

def test_feedback_names_aspects_and_says_what_was_wrong(room):
    page = room.feedback("bob")
    assert '<a href="#double__values">values</a>' in page, "in the table of contents"
    assert "double__values: pass, 2 of 2 points" in page
    assert "double__dtype: fail, 0 of 1 points" in page and "expected int16, got torch.float32" in page
    fetched = next((room.notebook("ann").parent / "feedback").glob("*/*.html")).read_text()
    assert fetched == room.feedback("ann") and "<em>overflow</em>" in fetched, "the instructor's comment"


@pytest.mark.parametrize("student", ["bob", "eve"])
def test_feedback_keeps_hidden_tests_and_solutions(room, student):
    page = Page(room.feedback(student)).text
    assert "double__values" in page
    for secret in (HIDDEN, SOLUTION, SCHEME, "HIDDEN TESTS", "BEGIN SOLUTION", "MARK SCHEME"):
        assert secret not in page


class Page(HTMLParser):
    """What a browser would run, load or follow on a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.scripts, self.text, self._inside = set(), [], [], "", ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag == "script":
            self._inside = "script"
            self.scripts.append(dict(attrs).get("src") or "")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data
        else:
            self.text += data

    def assert_nothing_of_the_learners_is_active(self):
        assert "page_of_the_learner" in self.text, "shown as text, so that a person sees what was tried"
        assert not any("learner" in script for script in self.scripts)
        assert not self.tags & {"iframe", "object", "embed", "form", "base", "svg", "math"}
        for name, value in self.attributes:
            value = (value or "").lower()
            assert "page_of_the_learner" not in value and "//learner" not in value, (name, value)
            assert not value.startswith(("javascript:", "data:text")), (name, value)


def test_nothing_of_a_learners_is_active_in_feedback(room):
    Page(room.feedback("eve")).assert_nothing_of_the_learners_is_active()


def test_nothing_of_a_learners_is_active_in_the_formgrader(room):
    page = Page(formgrader_page(room, "eve"))
    page.assert_nothing_of_the_learners_is_active()
    ids = [value for name, value in page.attributes if name == "id"]
    assert ids.count("written__why") == 1, "only nbgrader's field for the points has that name"


def formgrader_page(room, student):
    """The page on which a person grades one submission, as the formgrader renders it."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    config = room.config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    about = {"index": 0, "total": 1, "base_url": "", "submission_id": "x", "notebook_id": SECTION, "student": student,
             "assignment_id": SECTION, "notebook_path": "", "last_name": "", "first_name": ""}
    judged = room.workspace / "autograded" / student / SECTION / f"{SECTION}.ipynb"
    return HTMLExporter(config=config).from_filename(str(judged), resources=about)[0]
