"""Cell headers as authors write them, made into nbgrader's metadata when a section is read; nothing else knows this form.

    # %% setup                                         imports and data; runs on both sides of the wall
    # %% helper                                        oracles, wholly hidden, for the graded cells; at most one
    # %% stub="top_p_mask"                             an exercise
    # %% graded="top_p_mask__ties" points=2            one aspect; tags=["timed"] or tags=["timed", "gpu"]
    # %% [markdown] hints="top_p_mask"
    # %% [markdown] card="14.3" level="medium"         answers that question of the guide; card="" for one of our own
    # %% [markdown] question="why_greedy"              a written question, with its marking scheme
    # %% [markdown] written="why_greedy" points=4      its answer
    # %% [markdown] house_rules                        brings in the text that all sections share
    # %% tags=["picture"]                              also "experiment", "widget", "real": grading passes over them
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from ..errors import SectionError
from .cells import SHOWN, SKIPPED

KINDS = ("stub", "graded", "hints", "card", "question", "written")  # keys that say what a cell is
TITLES = ("setup", "helper", "house_rules")                         # words that do
MORE = {"graded": {"points"}, "written": {"points"}, "card": {"level"}}
MARKDOWN = ("hints", "card", "question", "written", "house_rules")
KEPT = ("tags", "lines_to_next_cell", "lines_to_end_of_cell_marker")  # the last two are jupytext's own
RULES = Path(__file__).with_name("house_rules.md")
HOW = "docs/authoring.md lists the headers"


def expand(notebook: NotebookNode, name: str) -> None:
    """Give every cell the metadata that its header stands for, in place. Raises SectionError for a header that is none."""
    setups = 0
    for number, cell in enumerate(notebook.cells, 1):
        where = f"{name}, cell {number} ({_first(cell)!r})"
        kind, value = _kind(cell, where)
        setups += kind == "setup"
        if (cell.cell_type == "markdown") != (kind in MARKDOWN) and kind:
            needed = "# %% [markdown]" if kind in MARKDOWN else "# %%"
            raise SectionError(f"{where}: a cell of the kind {kind!r} begins with '{needed}'; {HOW}.")
        points = cell.metadata.pop("points", None)
        if (points is None) == (kind in ("graded", "written")):
            raise SectionError(f"{where}: a {kind or 'plain'} cell {'needs' if points is None else 'has no'} points=; {HOW}.")
        more = {"level": cell.metadata.pop("level", "basic"), "points": points, "setups": setups}
        tags, about = _meaning(kind, value, more, cell.metadata.pop("tags", []))
        if tags:
            cell.metadata.tags = tags
        if about:
            cell.metadata.nbgrader = NotebookNode(about)
        if kind == "house_rules":
            cell.source = RULES.read_text(encoding="utf-8").strip()


def _kind(cell: NotebookNode, where: str) -> tuple[str, str]:
    """What a cell is, and of what: taken out of its metadata."""
    title = cell.metadata.pop("title", None)
    found = [key for key in KINDS if key in cell.metadata]
    if title is not None and title not in TITLES:
        raise SectionError(f"{where}: {title!r} is no kind of cell; {HOW}.")
    if len(found) + (title is not None) > 1:
        said = ", ".join([*found, *filter(None, [title])])
        raise SectionError(f"{where}: a cell is one thing, and this header says {said}.")
    kind = title or (found[0] if found else "")
    value = cell.metadata.pop(kind, "") if found else ""
    if found and (not isinstance(value, str) or not value and kind != "card"):
        raise SectionError(f"{where}: {kind}= wants a name in quotes, not {value!r}.")
    for key in sorted(set(cell.metadata) - MORE.get(kind, set()) - set(KEPT)):
        raise SectionError(f"{where}: a header with {key!r} means nothing here; {HOW}.")
    return kind, value


def _meaning(kind: str, value: str, more: dict[str, Any], tags: list[str]) -> tuple[list[str], dict]:
    """A cell's tags, and its entry for nbgrader."""
    match kind:
        case "setup":
            return [kind, *tags], _nbgrader("setup" if more["setups"] == 1 else f"setup_{more['setups']}", locked=True)
        case "helper":
            return [kind, *tags], _nbgrader(kind, locked=True)
        case "stub":
            return tags, _nbgrader(value, solution=True)
        case "graded":
            return tags, _nbgrader(value, grade=True, locked=True, points=more["points"])
        case "written":
            return tags, _nbgrader(f"written__{value}", grade=True, solution=True, points=more["points"])
        case "question":
            return tags, _nbgrader(f"written__{value}_question", locked=True)
        case "hints":
            return [kind, value, *tags], {}
        case "card":
            return [kind, more["level"], *([f"q{value}"] if value else []), *tags], {}
        case "house_rules":
            return [kind, *tags], {}
    return [*tags, SKIPPED] if set(tags) & set(SHOWN) else tags, {}


def _nbgrader(grade_id: str, grade: bool = False, locked: bool = False, solution: bool = False, points: Any = None) -> dict:
    about = {"grade": grade, "grade_id": grade_id, "locked": locked, "schema_version": 3, "solution": solution, "task": False}
    return about if points is None else {**about, "points": points}


def _first(cell: NotebookNode) -> str:
    return next(iter(cell.source.splitlines()), "")[:40]
