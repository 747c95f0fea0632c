"""A learner's notebook, however damaged: read it, match its cells with the section's, and plan the judging.

The section is the truth for graded and setup cells, the learner for everything else. A graded cell counts once, where
the learner has it, and is judged with the section's source; what was copied, deleted, moved, retyped or renumbered is
put right and said. The learner's own cells run in the order in which they stand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .section import SKIPPED, Graded, Section, grade_id, tags

MAX_BYTES = 64 << 20
BLANK_ANSWERS = ("", "YOUR ANSWER HERE")


class Unreadable(Exception):
    """A notebook that cannot be read; the message is one sentence for its owner."""


@dataclass(frozen=True)
class Step:
    """One thing to do, in order: run a cell of the learner's, or judge a graded one."""

    id: str
    source: str = ""
    stub: str | None = None       # the stub whose definition this cell holds
    graded: Graded | None = None
    blank: bool = False           # a written answer that was left alone


def read(path: Path) -> NotebookNode:
    """Read a learner's notebook. Raises Unreadable with one sentence."""
    try:
        if path.is_symlink() or not path.is_file():
            raise Unreadable(f"{path.name} is not a file" if path.exists() or path.is_symlink()
                             else f"{path.name} was not handed in")
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable(f"{path.name} has more than {MAX_BYTES >> 20} MiB; clear its outputs and save it again")
        text = path.read_bytes().decode("utf-8-sig")
        return from_text(text, path.name)
    except UnicodeDecodeError:
        raise Unreadable(f"{path.name} is not text in UTF-8, so it is no notebook") from None
    except OSError as e:
        raise Unreadable(f"{path.name} cannot be read: {e.strerror}") from None


def from_text(text: str, name: str) -> NotebookNode:
    """Parse a notebook leniently: any format version, and cells without what nbformat insists on."""
    if not text.strip():
        raise Unreadable(f"{name} is empty")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise Unreadable(f"{name} is not JSON ({e}); was it cut off or edited by hand?") from None
    if not isinstance(data, dict) or not (isinstance(data.get("cells"), list) or isinstance(data.get("worksheets"), list)):
        raise Unreadable(f"{name} is JSON, but no notebook: it has no list of cells")
    if "cells" not in data:  # format 3
        try:
            data = nbformat.convert(nbformat.from_dict(data), 4)
        except Exception:
            raise Unreadable(f"{name} is in an old notebook format that cannot be converted") from None
    cells = [_cell(c) for c in data["cells"] if isinstance(c, dict)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"
    return notebook


def _cell(raw: dict) -> NotebookNode:
    source = raw.get("source", raw.get("input", ""))
    source = "".join(map(str, source)) if isinstance(source, list) else str(source)
    metadata = raw.get("metadata")
    metadata = dict(metadata) if isinstance(metadata, dict) else {}
    if not isinstance(metadata.get("nbgrader", {}), dict):
        del metadata["nbgrader"]
    if not isinstance(metadata.get("tags", []), list):
        del metadata["tags"]
    new = nbformat.v4.new_code_cell if raw.get("cell_type") == "code" else nbformat.v4.new_markdown_cell
    return new(source, metadata=nbformat.from_dict(metadata))


def plan(section: Section, notebook: NotebookNode | None) -> tuple[list[Step], list[str]]:
    """The steps that judge a notebook, and what had to be put right, in words."""
    repairs: list[str] = []
    cells = _own_cells(section, notebook, repairs)
    setup = {grade_id(c): c for c in section.setup}
    steps: list[Step] = []
    present = {key for key, _ in cells}
    # Setup first, whatever became of it: everything else stands on it.
    for key, cell in setup.items():
        steps.append(Step(cell.id, cell.source))
        if key not in present:
            repairs.append(f"the locked cell {key} was missing and has been put back")
    for key, cell in cells:
        if key in setup:
            continue
        if key in section.graded:
            graded = section.graded[key]
            steps.append(Step(cell.id, graded=graded, blank=cell.source.strip() in BLANK_ANSWERS))
        elif cell.cell_type == "code" and SKIPPED not in tags(cell):
            steps.append(Step(cell.id, cell.source, stub=key if key in section.stubs else None))
    for key, graded in section.graded.items():
        if key not in present:
            repairs.append(f"the graded cell {key} was missing and has been put back")
            steps.append(Step(key, graded=graded, blank=graded.manual))
    return steps, repairs


def _own_cells(section: Section, notebook: NotebookNode | None, repairs: list[str]) -> list[tuple[str | None, NotebookNode]]:
    """The learner's cells with the section's grade_id each has, if any; every graded cell at most once."""
    known = {**dict.fromkeys(section.graded), **dict.fromkeys(section.stubs), **{grade_id(c): None for c in section.setup}}
    found: list[tuple[str | None, NotebookNode]] = []
    for cell in notebook.cells if notebook else ():
        key = grade_id(cell)
        key = key if isinstance(key, str) and key in known else None
        cell = _retyped(section, key, cell, repairs)
        found.append((key, cell))
    counts: dict[str, int] = {}
    for key, _ in found:
        if key:
            counts[key] = counts.get(key, 0) + 1
    for key, count in counts.items():
        if count > 1:
            repairs.append(f"the cell {key} stood {count} times; " + (
                "its parts run in order" if key in section.stubs else "it counts once"))
    kept, seen = [], dict(counts)
    for key, cell in found:
        if key and key not in section.stubs:
            seen[key] -= 1
            if seen[key] and not section.graded.get(key, None):
                continue  # a setup cell
            if seen[key] and not section.graded[key].manual:
                continue  # the last copy of a graded cell stands after all that the learner wrote for it
            if key in section.graded and section.graded[key].manual and any(k == key for k, _ in kept):
                continue
        kept.append((key, cell))
    return kept


def _retyped(section: Section, key: str | None, cell: NotebookNode, repairs: list[str]) -> NotebookNode:
    """A stub that became a text cell is code all the same."""
    if key in section.stubs and cell.cell_type != "code":
        repairs.append(f"the cell {key} was no code cell any more and runs as one")
        return nbformat.v4.new_code_cell(cell.source, metadata=cell.metadata, id=cell.id)
    return cell
