"""What `make release` builds: complete, current, and without anything that a learner must not see."""

import ast
import os
import subprocess
import sys

import jupytext
import nbformat
import pytest

from grader.errors import BuildError, SectionError
from grader.section import build
from grader.section.cells import defined_names, grade_id
from grader.section.load import load, names, parse
from tests.conftest import ROOT

SECTIONS = names(ROOT)
OTHER_STUB = '# %% stub="other"'
REGIONS = [("BEGIN SOLUTION", "END SOLUTION"), ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS"),
           ("BEGIN MARK SCHEME", "END MARK SCHEME")]


@pytest.fixture(params=SECTIONS)
def loaded(request):
    return load(request.param, ROOT)


def release(loaded):
    return nbformat.read(loaded.release_path, as_version=4)


# --- every section of the course -------------------------------------------------------------------------------------

def test_nothing_is_stale():
    stale = [str(p.relative_to(ROOT)) for p in build.stale(root=ROOT)]
    assert not stale, f"run `make release`: {stale}"


def test_release_holds_no_author_files():
    assert {p.name for p in (ROOT / "release").iterdir()} == set(SECTIONS)
    for path in (ROOT / "release").rglob("*"):
        assert path.suffix != ".py" and path.name not in ("mutants", "variants"), path


def secret_and_open_lines(source):
    """The lines of a source that stand between marks, and the others."""
    secret, visible, end = set(), set(), None
    for line in source.splitlines():
        line = line.strip().removeprefix("# ").strip()
        begun = next((e for b, e in REGIONS if b in line), None)
        if begun or (end and end in line):
            end = begun
        else:
            (secret if end else visible).add(line)
    return secret, visible


def test_no_secret_reaches_the_learner(loaded):
    secret, visible = secret_and_open_lines(loaded.py_path.read_text())
    assert secret, "the section hides nothing, so it tests nothing"
    text = "\n".join(c.source for c in release(loaded).cells)
    lines = {line.strip() for line in text.splitlines()}
    leaked = {s for s in secret - visible if s in lines and len(s) > 3}
    assert not leaked
    for mark in [*sum(map(list, REGIONS), []), "mutants", "variants"]:
        assert mark not in text
    assert not any(c.get("outputs") for c in release(loaded).cells)


def test_signatures_are_the_references(loaded):
    def signatures(source):
        return {(node.name, ast.dump(node.args), ast.dump(node.returns) if node.returns else "")
                for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    released = {grade_id(c): c.source for c in release(loaded).cells}
    for stub_id, cell in loaded.stubs.items():
        tops = {n.name for n in ast.parse(cell.source).body if isinstance(n, ast.FunctionDef)}
        assert {s for s in signatures(cell.source) if s[0] in tops} <= signatures(released[stub_id]), stub_id
        assert defined_names(released[stub_id]) == defined_names(cell.source), stub_id


def test_asserts_carry_messages(loaded):
    for graded in loaded.graded.values():
        if not graded.manual:
            for node in ast.walk(ast.parse(graded.source)):
                assert not isinstance(node, ast.Assert) or node.msg, f"{graded.grade_id}, line {node.lineno}"


def test_points_and_ids_survive(loaded):
    released = parse(loaded.name, release(loaded), ROOT)
    assert {g: v.points for g, v in released.graded.items()} == {g: v.points for g, v in loaded.graded.items()}
    assert list(released.exercises) == list(loaded.exercises)
    assert "jupytext" not in release(loaded).metadata, "a learner's save would write a .py beside the notebook"


def test_the_py_opens_as_a_notebook(loaded):
    """An author may open it in JupyterLab through jupytext: saving keeps every cell's text and header."""
    written = loaded.py_path.read_text(encoding="utf-8")
    opened = jupytext.reads(written, fmt="py:percent")
    saved = jupytext.writes(opened, fmt="py:percent")
    headers = [[set(line.split()) for line in text.splitlines() if line.startswith("# %%")] for text in (saved, written)]
    assert headers[0] == headers[1], "words may change places"
    again = jupytext.reads(saved, fmt="py:percent")
    assert [(c.cell_type, c.source) for c in again.cells] == [(c.cell_type, c.source) for c in opened.cells]
    assert "jupytext" not in nbformat.read(loaded.source_path, as_version=4).metadata, "a built notebook never writes the .py"


# --- the builder itself, on a tiny course ----------------------------------------------------------------------------

def test_building_is_deterministic(tiny):
    first = {p: p.read_bytes() for p in build.build(root=tiny)}
    assert sorted(p.relative_to(tiny).parts[0] for p in first) == ["release", "source"]
    assert build.build(root=tiny) == [], "nothing changed, so nothing is written"
    for path in first:
        path.unlink()
    other = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-m", "grader.section.build"], check=True, cwd=ROOT, env=other)
    assert {p: p.read_bytes() for p in first} == first


def test_nbgrader_generates_the_same_bytes(tiny):
    build.build(root=tiny)
    path = load("01-doubling", tiny).release_path
    ours = path.read_bytes()
    subprocess.run([sys.executable, "-m", "nbgrader", "generate_assignment", "01-doubling", "--force"], check=True,
                   cwd=tiny, capture_output=True)
    assert path.read_bytes() == ours


def test_check_reports_what_is_stale(tiny, capsys):
    build.build(root=tiny)
    assert build.main([], check=True) == 0
    py = tiny / "source" / "01-doubling" / "01-doubling.py"
    py.write_text(py.read_text().replace("# # Doubling", "# # Doubling things"))
    (tiny / "release" / "99-gone").mkdir()
    (tiny / "release" / "99-gone" / "99-gone.ipynb").write_text("{}")
    assert build.main([], check=True) == 1
    shown = capsys.readouterr().out
    assert "01-doubling.ipynb" in shown and "99-gone.ipynb" in shown and "make release" in shown
    build.build(root=tiny)
    assert build.stale(root=tiny) == [] and not (tiny / "release" / "99-gone").exists()


def test_release_of_the_tiny_section(tiny):
    build.build(root=tiny)
    cells = {grade_id(c): c for c in release(load("01-doubling", tiny)).cells}
    assert cells["double"].source == ('def double(x: torch.Tensor) -> torch.Tensor:\n    """Twice x."""\n'
                                      '    # YOUR CODE HERE\n    raise NotImplementedError("double: add x to itself")')
    assert cells["double__values"].source == "check(double, torch.tensor([1.0, 2.0]), want=torch.tensor([2.0, 4.0]))"
    assert cells["written__why"].source == "YOUR ANSWER HERE"
    assert cells["written__why_question"].source == "Why is doubling exact?"
    assert cells["double__values"].metadata.editable is False and cells["double"].metadata.deletable is False


HELPER = """# %% helper
### BEGIN HIDDEN TESTS
def oracle(x):
    return x + x
### END HIDDEN TESTS

"""


@pytest.mark.parametrize("old, new, complaint", [
    ('graded="double__dtype"', 'graded="double__values"', "stands in 2 cells, it must be unique"),
    ('graded="double__values" points=2', 'graded="double__values"', "a graded cell needs points="),
    ('graded="double__values" points=2', 'graded="double__values" points=9', "worth 1 to 3 points, not 9"),
    ('stub="double"', 'stub="double" points=2', "a header with 'points' means nothing here"),
    ('graded="double__dtype"', 'graded="triple__dtype"', "no such exercise"),
    ('graded="double__dtype"', 'graded="dtype"', "EXERCISE__aspect"),
    ('graded="double__dtype"', "graded=3", "wants a name in quotes, not 3"),
    (', f"expected int16, got {got.dtype}"', "", "the assert in line 2 has no message"),
    ("<summary>Hint 3: pseudocode</summary>", "<summary>More</summary>", "exactly three"),
    ("got = double(", "got = double(helper) or double(", "helper: neither in the setup"),
    ("want=torch.tensor([2.0, 4.0]))", "want=torch.tensor([2.0, 4.0]))\n1.0", None),
    ("### END HIDDEN TESTS", "### END HIDDEN TESTS\n2.0", "ends in a bare value"),
    ("### END HIDDEN TESTS", "### END HIDDEN TESTS\nfresh(lambda x: double(x), 1, want=2)", "by its name"),
    ("# %% setup", '# %% setup tags=["seutp"]', "unknown tag 'seutp'"),
    ("# %% setup", '# %% setup colour="red"', "a header with 'colour' means nothing here"),
    ("import torch\n", "import torch torch\n", "is not plain Python"),
    ("# %% setup", "# %% seutp", "'seutp' is no kind of cell"),
    ("# %% setup", "# %% [markdown] setup", "begins with '# %%'"),
    ('# %% stub="double"', '# %% stub="double" graded="double__x"', "a cell is one thing"),
    ('# %% [markdown] hints="double"', '# %% hints="double"', "begins with '# %% [markdown]'"),
    ('graded="double__dtype" points=1', 'graded="double__dtype" points=1 tags="timed"', "'timed' is not of type"),
    ('# %% stub="double"', '# %% nbgrader={"grade_id": "double"}', "a header with 'nbgrader' means nothing here"),
    ("    return x + x\n    ### END SOLUTION", "    return x + x", "every 'BEGIN SOLUTION' needs its 'END SOLUTION'"),
    ("    return x + x\n", "    return (x + x\n", "is not Python"),
    ("def double(", "def doubel(", "must define 'double'"),
    ('# %% tags=["picture"]', "# %%", "a code cell of no known kind"),
    ("from course.check import check", "from course.check import *", "import names one by one"),
    ("import torch\n", "import torch\nfrom course import figures\n", "it imports course.figures"),
    ("import torch\n", "import torch\nimport course.sections.decoding\n", "it imports course.sections"),
    ("# # Doubling", "# # Doubling\n#\n# See section 99.", "speaks of section 99"),
    ("# # Doubling", "# ### BEGIN SOLUTION\n# ### END SOLUTION", "would reach the learner"),
    ('# %% [markdown] card="" level="basic"', OTHER_STUB + '\ndouble = 2\n\n# %% [markdown] card="" level="basic"',
     "'double' is defined in two stubs, 'double' and 'other'"),
    ('# %% stub="double"', HELPER.replace("### END HIDDEN TESTS", "### END HIDDEN TESTS\nx = 1") + '\n# %% stub="double"',
     "the helper stands wholly between"),
    ('# %% stub="double"', HELPER + HELPER + '# %% stub="double"', "one helper cell holds the oracles"),
    ('# %% [markdown] card="" level="basic"', HELPER + '# %% [markdown] card="" level="basic"', "before the first graded cell"),
    ("want=torch.tensor([2.0, 4.0]))", "want=oracle(torch.tensor([1.0, 2.0])))", "oracle: neither in the setup"),
])
def test_bad_sources_get_a_sentence(tiny, old, new, complaint):
    py = tiny / "source" / "01-doubling" / "01-doubling.py"
    assert old in py.read_text()
    py.write_text(py.read_text().replace(old, new))
    if complaint is None:
        assert build.build(root=tiny)
        return
    with pytest.raises((BuildError, SectionError)) as error:
        build.build(root=tiny)
    assert complaint in str(error.value)
    assert not (tiny / "release").exists(), "nothing is built from a bad source"


def test_unknown_section_names_the_known_ones(tiny, capsys):
    assert build.main(["05-nothing"]) == 2
    assert capsys.readouterr().err == "There is no section '05-nothing'; there is 01-doubling.\n"


def test_nothing_but_the_notebook_reaches_the_release(tiny):
    source = tiny / "source" / "01-doubling"
    for folder in ("mutants", "variants"):
        (source / folder).mkdir()
        (source / folder / "double__zero.py").write_text('"""Wrong."""')
    (source / "claims.md").write_text("# Claims")
    (source / "test_oracles.py").write_text("")
    build.build(root=tiny)
    subprocess.run([sys.executable, "-m", "nbgrader", "generate_assignment", "01-doubling", "--force"], check=True,
                   cwd=tiny, capture_output=True)
    assert build.stale(root=tiny) == []
    released = sorted(p.name for p in (tiny / "release" / "01-doubling").iterdir())
    assert released == ["01-doubling.ipynb"]


def test_a_data_file_beside_the_notebook_gets_a_sentence(tiny):
    (tiny / "source" / "01-doubling" / "table.csv").write_text("1,2\n")
    with pytest.raises(BuildError, match="table.csv does not reach learners: data belong into course/data/"):
        build.build(root=tiny)
