"""Every section's notebooks in a real kernel, without the judge: the author's, and that of a learner who did nothing.

The reference runs clean from top to bottom. In the release every graded cell fails, and says which stub is unwritten;
whatever else there is to run (setup, pictures, experiment, widget) shows no traceback.
"""

import pytest

from grader.section import build
from grader.section.cells import exercise_of, grade_id, kind, tags
from grader.section.load import load
from grader.section.load import names as section_names
from tests.conftest import ROOT
from tests.executed import executed

SECTIONS = section_names(ROOT)
LONGEST, LONGEST_EXPERIMENT = 60, 30  # seconds for a whole notebook, and for its experiment, on two cores


def errors(cell):
    return [o for o in cell.get("outputs", []) if o.output_type == "error"]


def text_of(cell):
    """All that a cell printed or showed."""
    parts = [o.get("text", "") or o.get("data", {}).get("text/plain", "") or f"{o.get('ename')}: {o.get('evalue')}"
             for o in cell.get("outputs", [])]
    return "\n".join(parts)


@pytest.mark.parametrize("name", SECTIONS)
def test_both_are_built(name):
    assert not build.stale([name], ROOT), f"run `make release ARGS={name}`"


@pytest.mark.parametrize("name", SECTIONS)
def test_the_reference_runs_clean(name):
    run = executed(name)
    for cell in run.source.cells:
        for error in errors(cell):
            pytest.fail(f"{grade_id(cell) or cell.source[:60]!r}: {error.ename}: {error.evalue}")
    assert run.seconds < LONGEST, f"the notebook takes {run.seconds:.0f} s"
    assert run.experiment < LONGEST_EXPERIMENT, f"its experiment takes {run.experiment:.0f} s"


@pytest.mark.parametrize("name", SECTIONS)
def test_pictures_lie_on_the_page_itself(name):
    """Jupyter puts a white card behind a picture whose text it takes for dark: a lamp in the face on a dark page."""
    outputs = [o for cell in executed(name).source.cells for o in cell.get("outputs", [])]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert pictures
    assert not [o.metadata for o in pictures if o.metadata]


@pytest.mark.parametrize("name", SECTIONS)
def test_plain_nbgrader_gives_the_reference_all_points(name):
    """nbgrader reads a score from a cell's output: nothing there may look like one, and nothing may go to stderr."""
    from nbgrader.utils import determine_grade

    for cell in executed(name).source.cells:
        if kind(cell) == "graded":
            assert not [o for o in cell.outputs if o.get("name") == "stderr"], grade_id(cell)
            assert determine_grade(cell) == (cell.metadata.nbgrader.points,) * 2, grade_id(cell)


@pytest.mark.parametrize("name", SECTIONS)
def test_graded_cells_of_the_release_say_what_is_unwritten(name):
    for cell in executed(name).release.cells:
        if kind(cell) != "graded":
            continue
        key = grade_id(cell)
        exercise = exercise_of(key)
        if "timed" in tags(cell):  # only advice is left of it, and advice never fails
            assert exercise in text_of(cell), key
            continue
        assert errors(cell), f"{key} passes with nothing done"
        error = errors(cell)[-1]
        names = [exercise, *load(name, ROOT).exercises[exercise].names]  # a stub may define several
        assert any(n in error.evalue for n in names), f"{key} fails with {error.ename}: {error.evalue}"
        if exercise != "prediction":  # `raises` reports the other error inside its own message
            assert "NotImplementedError" in error.ename + error.evalue, f"{key}: {error.ename}: {error.evalue}"


@pytest.mark.parametrize("name", SECTIONS)
def test_the_rest_of_the_release_shows_no_traceback(name):
    for cell in executed(name).release.cells:
        if cell.cell_type == "code" and kind(cell) != "graded":
            assert not errors(cell), f"{kind(cell)} cell {cell.source[:60]!r}: {errors(cell)[0].evalue}"
            assert "Traceback" not in text_of(cell), f"{kind(cell)} cell {cell.source[:60]!r}"
