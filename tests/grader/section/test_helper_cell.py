"""One cell of oracles for all graded cells of a section: known to the judge and to plain nbgrader, and to no learner."""

import copy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.api import Gradebook

from grader.classroom.report import report
from grader.intake.notebook import from_text
from grader.judge.bench import judge
from grader.section import build
from grader.section.cells import grade_id, kind
from grader.section.load import load

HELPER = """# %% helper
### BEGIN HIDDEN TESTS
TWO = 2

def oracle(x):
    return x * TWO
### END HIDDEN TESTS

# %% stub="double"
"""
HIDDEN = '''### BEGIN HIDDEN TESTS
want = oracle(torch.tensor([1]))
assert got.tolist() == want.tolist(), f"expected {want}, got {got}"
### END HIDDEN TESTS
'''
WAYS_TO_IT = ["oracle(x)", "TWO * x", "__import__('__main__').oracle(x)", "get_ipython().user_ns['oracle'](x)"]


@pytest.fixture
def section(tiny):
    """The tiny section, with an oracle in a helper cell that two of its graded cells use."""
    py = tiny / "source" / "01-doubling" / "01-doubling.py"
    text = py.read_text(encoding="utf-8").replace('# %% stub="double"\n', HELPER)
    text = text.replace("want=torch.tensor([[-6.0]]))", "want=oracle(torch.tensor([[-3.0]])))")
    text = text.replace("assert got.dtype", f"{HIDDEN}assert got.dtype")
    py.write_text(text, encoding="utf-8")
    build.build(root=tiny)
    return load("01-doubling", tiny)


def solved(section, body: str):
    notebook = build.release_notebook(section)
    for cell in notebook.cells:
        if grade_id(cell) == "double":
            cell.source = f"def double(x):\n    return {body}"
    return from_text(nbformat.writes(notebook), "x.ipynb")


def test_the_judge_knows_it(section, warm):
    assert judge(section, solved(section, "2 * x"), warm).score == 3
    wrong = judge(section, solved(section, "x * x"), warm)
    assert {c.grade_id: c.verdict for c in wrong.cells if c.verdict != "manual"} == {
        "double__values": "fail", "double__dtype": "fail", "written__why": "missing"}


@pytest.mark.parametrize("way", WAYS_TO_IT)
def test_no_learner_reaches_it(section, warm, way):
    result = judge(section, solved(section, way), warm)
    assert result.score == 0 and all(c.verdict in ("error", "missing") for c in result.cells), result.cells


def test_no_learner_sees_it(section, warm):
    release = build.release_notebook(section)
    assert [cell.source for cell in release.cells if kind(cell) == "helper"] == [""]
    judged = report(section, judge(section, solved(section, "x * x"), warm))
    for notebook in (release, judged):
        assert "oracle" not in nbformat.writes(notebook) and "TWO" not in nbformat.writes(notebook)
    assert "oracle" not in section.release_path.read_text(encoding="utf-8")


def test_plain_nbgrader_knows_it(section, tmp_path):
    notebook = build.source_notebook(section)
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()


STOCK = """
c = get_config()
c.CourseDirectory.course_id = "stock"
c.ClearHiddenTests.enforce_metadata = False
c.ClearMarkScheme.enforce_metadata = False
"""


def test_plain_nbgrader_grades_with_it(section, tmp_path):
    """With nbgrader's own preprocessors: what is released, handed in and graded knows the oracles again."""
    course = tmp_path / "stock"
    (course / "source" / "ps").mkdir(parents=True)
    (course / "nbgrader_config.py").write_text(STOCK, encoding="utf-8")
    nbformat.write(build.source_notebook(section), course / "source" / "ps" / "p.ipynb")

    def nbgrader(*arguments: str) -> None:
        command = [Path(sys.executable).parent / "nbgrader", *arguments]
        done = subprocess.run(command, cwd=course, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    nbgrader("generate_assignment", "ps", "--create")
    released = nbformat.read(course / "release" / "ps" / "p.ipynb", as_version=4)
    assert "oracle" not in nbformat.writes(released)
    for who, body in (("right", "2 * x"), ("wrong", "x * x")):
        mine = copy.deepcopy(released)
        for cell in mine.cells:
            if grade_id(cell) == "double":
                cell.source = f"def double(x):\n    return {body}"
        (course / "submitted" / who / "ps").mkdir(parents=True)
        nbformat.write(mine, course / "submitted" / who / "ps" / "p.ipynb")
    nbgrader("autograde", "ps", "--create")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "stock") as gradebook:
        assert {who: gradebook.find_submission("ps", who).score for who in ("right", "wrong")} == {"right": 3, "wrong": 0}
