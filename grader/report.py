"""A judged notebook as a notebook: what the formgrader shows and what feedback is made from.

Built anew from text: the learner's own cells with what they printed, the section's locked cells as learners know them,
and a verdict under each graded cell. No hidden test, no output of the learner's making but plain text.
"""

from __future__ import annotations

import copy

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from .build import release_notebook
from .section import Section, grade_id
from .verdict import Cell, Ran, Submission, clean


def report(section: Section, notebook: NotebookNode | None, submission: Submission) -> NotebookNode:
    """The learner's notebook with verdicts; cells that were lost stand again where the section has them."""
    release = release_notebook(section)
    locked = {grade_id(c): c for c in release.cells if grade_id(c) and c.metadata.nbgrader.locked}
    verdicts = {c.grade_id: c for c in submission.cells}
    cells, placed = [], set()
    for cell in notebook.cells if notebook else ():
        key = grade_id(cell)
        key = key if isinstance(key, str) else None
        if key in placed and (key in locked or key in verdicts):
            continue
        placed.add(key)
        cells.append(_own(cell, submission.outputs.get(cell.id)) if key not in locked else copy.deepcopy(locked[key]))
    for cell in release.cells:
        if grade_id(cell) and grade_id(cell) not in placed:
            cells.append(copy.deepcopy(cell))
    _official_metadata(release, cells)
    for cell in cells:
        if grade_id(cell) in verdicts:
            _show_verdict(cell, verdicts[grade_id(cell)])
    if submission.repairs:
        cells.insert(0, nbformat.v4.new_markdown_cell(
            "**About this notebook**\n\n" + "\n".join(f"- {clean(r, 300)}" for r in submission.repairs)))
    result = nbformat.v4.new_notebook(cells=cells, metadata=release.metadata)
    for i, cell in enumerate(result.cells):
        cell.id = f"cell-{i}"
    return result


def _own(cell: NotebookNode, ran: Ran | None) -> NotebookNode:
    """A cell of the learner's: its text, and what it printed over there."""
    if cell.cell_type != "code":
        return nbformat.v4.new_markdown_cell(clean(cell.source, 200_000), metadata=cell.metadata)
    outputs = []
    if ran and ran.stdout:
        outputs.append(new_output("stream", name="stdout", text=ran.stdout))
    if ran and ran.error:
        outputs.append(_error(ran.error.split(":")[0], ran.error))
    return nbformat.v4.new_code_cell(clean(cell.source, 200_000), metadata=cell.metadata, outputs=outputs)


def _official_metadata(release: NotebookNode, cells: list[NotebookNode]) -> None:
    """The learner's copies of metadata decide nothing: points, types and ids are the section's."""
    official = {grade_id(c): c.metadata for c in release.cells if grade_id(c)}
    seen = set()
    for cell in cells:
        key = grade_id(cell)
        if key in official and key not in seen:
            cell.metadata = copy.deepcopy(official[key])
            seen.add(key)
        else:
            tags = cell.metadata.get("tags")
            cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})


def _show_verdict(cell: NotebookNode, verdict: Cell) -> None:
    if cell.cell_type != "code":
        return
    score = 0 if verdict.score is None else verdict.score
    line = f"{verdict.grade_id}: {verdict.verdict.replace('_', ' ')}, {score:g} of {verdict.points:g} points"
    if verdict.verdict == "pass":
        cell.outputs = [new_output("stream", name="stdout", text=line + "\n")]
    else:
        cell.outputs = [_error(verdict.verdict, f"{line}\n{verdict.message}")]


def _error(name: str, text: str) -> NotebookNode:
    text = clean(text)
    return new_output("error", ename=clean(name, 60), evalue=text, traceback=text.splitlines())
