"""Have nbgrader's gradebook know an assignment with the cells that it has now.

`nbgrader generate_assignment` does so too, with a commit for each cell and a search before it, which takes a second or two.
A new assignment is entered here in one transaction, cell by cell what nbgrader would enter; a changed one is left to it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Base, Gradebook, GradeCell, MissingEntry, Notebook, SolutionCell, SourceCell
from nbgrader.preprocessors import SaveCells

from ..errors import SectionError
from ..section.build import release_steps, source_notebook
from ..section.model import Section
from .course import Course


def register(section: Section, course: Course) -> None:
    """Raises SectionError where the gradebook cannot take the section's cells."""
    with course.gradebook as gradebook:
        try:
            known = {c.name for c in gradebook.find_notebook(section.name, section.name).grade_cells}
        except MissingEntry:
            enter(section, gradebook)
            return
    if known != set(section.graded):
        _enter_again(section, course)


def enter(section: Section, gradebook: Gradebook) -> None:
    """Enter an assignment that the gradebook does not know yet."""
    assignment = gradebook.update_or_create_assignment(section.name)
    cells = _as_saved(section)
    notebook = Notebook(name=section.name, assignment=assignment, kernelspec=json.dumps(cells.metadata.get("kernelspec", {})))
    gradebook.db.add_all([notebook, *(row for cell in cells.cells for row in _rows(cell, notebook))])
    gradebook.db.commit()


def _as_saved(section: Section) -> NotebookNode:
    """The notebook on its way to the release, as it is when nbgrader saves its cells."""
    notebook, resources = source_notebook(section), dict[str, Any]()
    config, steps = release_steps()
    for step in itertools.takewhile(lambda step: step is not SaveCells, steps):
        notebook, resources = step(config=config).preprocess(notebook, resources)
    return notebook


def _rows(cell: NotebookNode, notebook: Notebook) -> Iterator[Base]:
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    if utils.is_grade(cell):
        yield GradeCell(name=name, notebook=notebook, max_score=float(cell.metadata.nbgrader["points"]),
                        cell_type=cell.cell_type)
    if utils.is_solution(cell):
        yield SolutionCell(name=name, notebook=notebook)
    if utils.is_grade(cell) or utils.is_solution(cell) or utils.is_locked(cell):
        yield SourceCell(name=name, notebook=notebook, cell_type=cell.cell_type, locked=utils.is_locked(cell),
                         source=cell.source, checksum=cell.metadata.nbgrader.get("checksum"))


def _enter_again(section: Section, course: Course) -> None:
    """Let nbgrader do it, which refuses where submissions would lose their cells."""
    if not section.source_path.is_file():
        raise SectionError(f"{section.source_path.name} is not built yet: run `make release` first.")
    from nbgrader.apps import NbGraderAPI
    result = NbGraderAPI(course.directory, config=course.config).generate_assignment(section.name, force=True)
    if not result["success"]:
        raise SectionError(f"nbgrader cannot take {section.name} into the gradebook: graded cells were added or removed "
                           "after submissions came in. Grade these with the old version, or remove them with "
                           f"`nbgrader db assignment remove {section.name}` and grade again.")
