"""A judged notebook as a notebook: what the formgrader shows and what feedback is made from.

Built anew from text: the learner's own cells with what they printed, the section's locked cells as learners know
them, and a verdict under each graded cell. No hidden test, no output of the learner's making but plain text. The marking
scheme of a written question is there for whoever grades by hand; feedback goes out without it.
"""

from __future__ import annotations

import copy
import functools

from nbformat import NotebookNode

from ..intake.notebook import new_notebook
from ..intake.repair import mend
from ..intake.text import clean
from ..judge.verdict import Cell, Ran, Result
from ..section.build import METADATA, release_notebook
from ..section.cells import SCHEME, grade_id
from ..section.model import Section


def report(section: Section, result: Result) -> NotebookNode:
    """The notebook that was judged, with verdicts; of what could not be read, the section's cells alone."""
    official = official_cells(section)
    verdicts = {c.grade_id: c for c in result.cells}
    mended = result.notebook or mend(section, new_notebook())[0]
    cells, placed = [], set()
    for cell in mended.cells:
        key = grade_id(cell)
        locked = key in official and official[key].metadata.nbgrader.locked
        shown = copy.deepcopy(official[key]) if locked else _own(cell, result.outputs.get(cell.id))
        # The learner's copies of metadata decide nothing: points, types and ids are the section's, each once.
        shown.metadata = copy.deepcopy(official[key].metadata) if key in official and key not in placed else NotebookNode()
        placed.add(key)
        cells.append(shown)
    cells += [copy.deepcopy(cell) for key, cell in official.items() if key not in placed]
    for cell in cells:
        if grade_id(cell) in verdicts:
            _show_verdict(cell, verdicts[grade_id(cell)])
    if result.repairs:
        repairs = "\n".join(f"- {clean(r, 300)}" for r in result.repairs)
        cells.insert(0, _cell("markdown", f"**About this notebook**\n\n{repairs}"))
    for i, cell in enumerate(cells):
        cell.id = f"cell-{i}"
    return new_notebook(cells, METADATA)


@functools.lru_cache(maxsize=64)
def official_cells(section: Section) -> dict[str, NotebookNode]:
    """The section's own cells as learners know them, with the marking schemes in: for copies, not for changes."""
    cells = {grade_id(c): c for c in release_notebook(section).cells if grade_id(c)}
    for cell in section.notebook.cells:
        if SCHEME.search(cell.source) and grade_id(cell) in cells:
            cells[grade_id(cell)].source = cell.source
    return cells


def _own(cell: NotebookNode, ran: Ran | None) -> NotebookNode:
    """A cell of the learner's: its text, and what it printed over there."""
    if cell.cell_type != "code":
        return _cell("markdown", clean(cell.source, 200_000))
    outputs = []
    if ran and ran.stdout:
        outputs.append(_printed(ran.stdout))
    if ran and ran.error:
        outputs.append(_error(ran.error.split(":")[0], ran.error))
    return _cell("code", clean(cell.source, 200_000), outputs=outputs, execution_count=None)


def _cell(kind: str, source: str, **rest) -> NotebookNode:
    """A cell that nobody checks against nbformat's schema."""
    return NotebookNode(cell_type=kind, source=source, metadata=NotebookNode(), **rest)


def _show_verdict(cell: NotebookNode, verdict: Cell) -> None:
    if cell.cell_type != "code":
        return
    score = 0 if verdict.score is None else verdict.score
    line = f"{verdict.grade_id}: {verdict.verdict.replace('_', ' ')}, {score:g} of {verdict.points:g} points"
    if verdict.verdict == "pass":
        cell.outputs = [_printed(line + "\n")]
    else:
        cell.outputs = [_error(verdict.verdict, f"{line}\n{verdict.message}")]


def _printed(text: str) -> NotebookNode:
    return NotebookNode(output_type="stream", name="stdout", text=text)


def _error(name: str, text: str) -> NotebookNode:
    text = clean(text)
    return NotebookNode(output_type="error", ename=clean(name, 60), evalue=text, traceback=text.splitlines())
