"""Have nbgrader's gradebook know an assignment with the cells that it has now.

`nbgrader generate_assignment` does so too, with a commit for each cell and a search before it, which takes a second or two,
and it refuses where cells come or go after submissions came in. Here all is one transaction: cells that stay keep their
grades and what a person gave and wrote, new ones wait for the next grading, and those that are gone take theirs along.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Base,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
)
from nbgrader.preprocessors import SaveCells

from ..section.build import release_steps, source_notebook
from ..section.cells import grade_id, kind
from ..section.model import Section
from .course import Course

GIVEN = {GradeCell: Grade, SolutionCell: Comment}  # a cell, and what each submission has for it


def register(section: Section, course: Course) -> None:
    """Bring the gradebook's idea of a section up to date, where it differs."""
    with course.gradebook as gradebook:
        try:
            known = gradebook.find_notebook(section.name, section.name)
        except MissingEntry:
            enter(section, gradebook)
            return
        if _known(known) != _wanted(section):
            update(section, known, gradebook)


def _known(notebook: Notebook) -> tuple[dict, set]:
    return ({c.name: (c.max_score, c.cell_type) for c in notebook.grade_cells}, {c.name for c in notebook.solution_cells})


def _wanted(section: Section) -> tuple[dict, set]:
    """Points and type of each graded cell, and the names of those that a learner writes."""
    graded = {g.grade_id: (float(g.points), "markdown" if g.manual else "code") for g in section.graded.values()}
    return graded, {grade_id(c) for c in section.notebook.cells if kind(c) in ("stub", "written")}


def enter(section: Section, gradebook: Gradebook) -> None:
    """Enter an assignment that the gradebook does not know yet."""
    assignment = gradebook.update_or_create_assignment(section.name)
    cells = _as_saved(section)
    notebook = Notebook(name=section.name, assignment=assignment, kernelspec=json.dumps(cells.metadata.get("kernelspec", {})))
    gradebook.db.add_all([notebook, *(row for cell in cells.cells for row in _rows(cell, notebook))])
    gradebook.db.commit()


def update(section: Section, notebook: Notebook, gradebook: Gradebook) -> None:
    """Have a known assignment's cells be what they are now."""
    db = gradebook.db
    old = {(type(cell), cell.name): cell for cell in [*notebook._base_cells, *notebook.source_cells]}
    with db.no_autoflush:
        for row in [row for cell in _as_saved(section).cells for row in _rows(cell, None)]:
            known = old.pop((type(row), row.name), None)
            if known is None:
                row.notebook = notebook
                db.add(row)
                if type(row) in GIVEN:
                    db.add_all(GIVEN[type(row)](cell=row, notebook=submitted) for submitted in notebook.submissions)
            else:
                for column in ("max_score", "cell_type", "locked", "source", "checksum"):
                    if hasattr(row, column):
                        setattr(known, column, getattr(row, column))
        for gone in old.values():
            if isinstance(gone, BaseCell):
                for given in [*gone.grades, *gone.comments]:
                    db.delete(given)
            db.delete(gone)
    db.commit()


def _as_saved(section: Section) -> NotebookNode:
    """The notebook on its way to the release, as it is when nbgrader saves its cells."""
    notebook, resources = source_notebook(section), dict[str, Any]()
    config, steps = release_steps()
    for step in itertools.takewhile(lambda step: step is not SaveCells, steps):
        notebook, resources = step(config=config).preprocess(notebook, resources)
    return notebook


def _rows(cell: NotebookNode, notebook: Notebook | None) -> Iterator[Base]:
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    if utils.is_grade(cell):
        yield GradeCell(name=name, notebook=notebook, max_score=float(cell.metadata.nbgrader["points"]),
                        cell_type=cell.cell_type)
    if utils.is_solution(cell):
        yield SolutionCell(name=name, notebook=notebook)
    if utils.is_grade(cell) or utils.is_solution(cell) or utils.is_locked(cell):
        yield SourceCell(name=name, notebook=notebook, cell_type=cell.cell_type, locked=utils.is_locked(cell),
                         source=cell.source, checksum=cell.metadata.nbgrader.get("checksum"))
