"""What the cells of a section are: their kinds, ids and tags, and the names that their code defines.

A cell is a plain nbformat cell; `kind(cell)` says which of the cells of `docs/authoring.md` it is.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import SectionError

if TYPE_CHECKING:
    from nbformat import NotebookNode

SHOWN = ("picture", "experiment", "widget", "real")  # what a learner runs and grading passes over
KINDS = ("setup", "helper", "stub", "graded", "written", *SHOWN, "hints", "card", "text")
LEVELS = ("basic", "medium", "killer")  # of a card
SKIPPED = "skip-execution"  # nbclient's own tag for cells that do not run while grading
MARKS = [(f"BEGIN {what}", f"END {what}") for what in ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")]  # nbgrader's own words
SOLUTION, HIDDEN, SCHEME = (re.compile(rf"[^\n]*{begin}.*?{end}[^\n]*\n?", re.DOTALL) for begin, end in MARKS)
MARK_LINE = re.compile(rf"^.*({'|'.join(mark for pair in MARKS for mark in pair)}).*$\n?", re.MULTILINE)
CODE_STUB, BLANK_ANSWER = "# YOUR CODE HERE", "YOUR ANSWER HERE"  # in the release, in place of a solution


def tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def grade_id(cell: NotebookNode) -> str:
    """Empty for a cell that nbgrader does not know."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or ""


def exercise_of(grade_id: str) -> str:
    """`top_p_mask__ties` -> `top_p_mask`."""
    return grade_id.split("__", 1)[0]


def aspect_of(grade_id: str) -> str:
    """`top_p_mask__ties` -> `ties`."""
    return grade_id.partition("__")[2] or grade_id


def card_id(cell: NotebookNode) -> str:
    """The id of the guide's question that a card answers; empty for a card of our own."""
    return next((t[1:] for t in tags(cell) if re.fullmatch(r"q\d+\.\d+\w?", t)), "")


def level(cell: NotebookNode) -> str:
    """How hard a card is: one of LEVELS."""
    return next((t for t in tags(cell) if t in LEVELS), LEVELS[0])


def kind(cell: NotebookNode) -> str:
    """Which of KINDS a cell is; a code cell that fits none is `text`, and lint complains about it."""
    meta = cell.metadata.get("nbgrader", {})
    if meta.get("grade"):
        return "written" if meta.get("solution") else "graded"
    if meta.get("solution"):
        return "stub"
    return next((k for k in KINDS if k in tags(cell)), "text")


def without_marks(text: str) -> str:
    """The text without the lines that mark a solution, hidden tests or a scheme."""
    return MARK_LINE.sub("", text)


# --- names that code defines -----------------------------------------------------------------------------------------

@functools.lru_cache(maxsize=512)
def parsed(source: str) -> ast.Module:
    """The tree of a cell's code, which nobody changes. Raises SyntaxError."""
    return ast.parse(source)


def defined_names(source: str, where: str = "a cell") -> tuple[str, ...]:
    """The names that a stub's top level defines: functions, classes, assigned names. Imports are not the learner's."""
    try:
        tree = parsed(source)
    except SyntaxError as error:
        raise SectionError(f"{where}: line {error.lineno} is not Python: {error.msg}.") from error
    return tuple(dict.fromkeys(n for statement in tree.body for n in _bound(statement, imports=False)))


@functools.lru_cache(maxsize=4096)
def bound_names(source: str) -> frozenset[str]:
    """All names that a cell's top level binds, imports included."""
    return frozenset(n for statement in parsed(source).body for n in _bound(statement, imports=True))


def _bound(statement: ast.stmt, imports: bool) -> Iterator[str]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            if imports:
                yield from (a.asname or a.name.split(".")[0] for a in statement.names)
        case _:  # assignments, also inside top-level `if`, `for`, `with`, `try`
            for node in _own_scope(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id
                elif node is not statement and isinstance(
                        node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
                    yield from _bound(node, imports)


def _own_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below `node` that belong to its scope: nothing inside a function, class, lambda or comprehension."""
    yield node
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp,
             ast.GeneratorExp)
    if isinstance(node, inner):
        return
    for child in ast.iter_child_nodes(node):
        yield from _own_scope(child)
