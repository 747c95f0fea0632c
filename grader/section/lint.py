"""What a section's source must keep to before it is built; every complaint is one sentence that names the cell.

The rules are those of `docs/authoring.md`. What only running can show (does the reference earn every point? is the
untouched stub's message right?) belongs to `grader prove` and the tests.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections import Counter
from collections.abc import Iterator

from nbformat import NotebookNode

from .cells import KINDS, SKIPPED, SOLUTION, bound_names, defined_names, exercise_of, grade_id, kind, tags
from .model import Section

CELL_KEYS = {"nbgrader", "tags", "lines_to_next_cell", "lines_to_end_of_cell_marker"}  # the last two are jupytext's
NBGRADER_KEYS = {"grade", "grade_id", "locked", "points", "schema_version", "solution", "task"}
TAGS = {*KINDS, SKIPPED, "timed", "gpu", "basic", "medium", "killer"}
FREE_OF_STUB = {"prediction", "written"}  # exercises that need neither a function nor hints
LONGEST_SOLUTION = 40
BESIDE = (".py", ".ipynb", ".md")  # what stands in a section's folder
MARKS = [("BEGIN SOLUTION", "END SOLUTION"), ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS"),
         ("BEGIN MARK SCHEME", "END MARK SCHEME")]


def lint(section: Section) -> list[str]:
    """All complaints about a section, in the order of its cells; empty when it is fit to build."""
    complaints = [f"{_label(i, cell)}: {what}" for i, cell in enumerate(section.notebook.cells, 1)
                  for what in _cell(section, cell)]
    return [f"{section.name}.py, {what}." for what in [*complaints, *_whole(section)]]


def _label(position: int, cell: NotebookNode) -> str:
    first = next(iter(cell.source.splitlines()), "")
    return f"cell {grade_id(cell)}" if grade_id(cell) else f"cell {position} ({first[:40]!r})"


def _cell(section: Section, cell: NotebookNode) -> Iterator[str]:
    yield from _metadata(section, cell)
    yield from _marks(cell)
    if cell.cell_type == "code" and kind(cell) in ("setup", "stub", "graded"):
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            yield f"line {error.lineno} is not plain Python: {error.msg}"
            return
        yield from {"setup": _setup, "stub": _stub, "graded": _graded}[kind(cell)](section, cell)


def _metadata(section: Section, cell: NotebookNode) -> Iterator[str]:
    meta = cell.metadata.get("nbgrader", {})
    for key in sorted(set(cell.metadata) - CELL_KEYS):
        yield f"unknown metadata {key!r}: write key=value with the value in JSON, keys are nbgrader and tags"
    for key in sorted(set(meta) - NBGRADER_KEYS):
        yield f"unknown nbgrader metadata {key!r}"
    if meta and (missing := sorted(NBGRADER_KEYS - {"points"} - set(meta))):
        yield f"nbgrader metadata lacks {', '.join(missing)}"
    for tag in tags(cell):
        if tag not in TAGS and tag not in section.stubs:
            yield f"unknown tag {tag!r}"
    if kind(cell) in ("picture", "experiment", "widget", "real") and SKIPPED not in tags(cell):
        yield f"a {kind(cell)} cell needs the tag {SKIPPED!r} too, so that grading skips it"
    if cell.cell_type == "code" and kind(cell) == "text":
        yield "a code cell of no known kind: give it nbgrader metadata or one of the tags of docs/authoring.md"


def _marks(cell: NotebookNode) -> Iterator[str]:
    for begin, end in MARKS:
        order = [begin if begin in line else end for line in cell.source.splitlines() if begin in line or end in line]
        if order != [begin, end] * (len(order) // 2) or len(order) % 2:
            yield f"every {begin!r} needs its {end!r} after it"
    if "BEGIN SOLUTION" in cell.source and kind(cell) not in ("stub", "written"):
        yield "a solution outside a stub or a written answer would reach the learner"
    if "BEGIN HIDDEN TESTS" in cell.source and kind(cell) != "graded":
        yield "hidden tests outside a graded cell would never run"


def _setup(section: Section, cell: NotebookNode) -> Iterator[str]:
    if not cell.metadata.get("nbgrader", {}).get("locked"):
        yield "a setup cell must be locked, because it runs on the judge's side too"
    if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(ast.parse(cell.source))):
        yield "import names one by one instead of '*', so that one can see which names graded cells may use"


def _stub(section: Section, cell: NotebookNode) -> Iterator[str]:
    name = grade_id(cell)
    solutions = SOLUTION.findall(cell.source)
    if not solutions:
        yield "a stub needs a solution between '### BEGIN SOLUTION' and '### END SOLUTION'"
    if (lines := sum(len(s.splitlines()) - 2 for s in solutions)) > LONGEST_SOLUTION:
        yield f"the solution has {lines} lines, at most {LONGEST_SOLUTION} are allowed"
    if exercise_of(name) in FREE_OF_STUB:
        return
    if name not in defined_names(cell.source):
        yield f"the stub must define {name!r}, the name of its exercise"
    if not any(g.exercise == name for g in section.graded.values()):
        yield "no graded cell checks this stub"
    hints = [c for c in section.cells("hints") if name in tags(c)]
    if len(hints) != 1 or hints[0].source.count("<summary>Hint ") != 3:
        yield f"an exercise needs one cell tagged 'hints' and {name!r} with exactly three '<summary>Hint N: ...'"


def _graded(section: Section, cell: NotebookNode) -> Iterator[str]:
    name, points = grade_id(cell), cell.metadata.nbgrader.get("points")
    if not isinstance(points, int | float) or not 1 <= points <= 3:
        yield f"a graded cell is worth 1 to 3 points, not {points!r}"
    if "__" not in name or exercise_of(name) not in {*section.stubs, *FREE_OF_STUB}:
        yield "a graded cell is called EXERCISE__aspect, and the section has no such exercise"
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Assert) and node.msg is None:
            yield f"the assert in line {node.lineno} has no message: say what was expected and what came"
    if _shows_a_value(ast.parse(cell.source).body[-1:]):
        yield "it ends in a bare value, which plain nbgrader would read as the score: assign it, or check it"
    if ("gpu" in tags(cell)) != ("gpu_limit=" in cell.source):
        yield "the tag 'gpu' and a duel with gpu_limit= belong together: by the tag a cluster finds a machine for it"
    known = {*section.names, *(n for c in section.setup for n in bound_names(c.source)), *dir(builtins)}
    if unknown := sorted(free_names(cell.source) - known):
        yield f"{', '.join(unknown)}: neither in the setup nor in a stub nor made in this cell"


def _shows_a_value(last: list[ast.stmt]) -> bool:
    return bool(last) and isinstance(last[0], ast.Expr) and not isinstance(last[0].value, ast.Call)


def free_names(source: str) -> set[str]:
    """The names that a cell uses without binding them itself."""
    def used(table: symtable.SymbolTable) -> Iterator[str]:
        top = table.get_type() == "module"
        yield from (s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global()))
        for child in table.get_children():
            yield from used(child)
    return set(used(symtable.symtable(source, "cell", "exec"))) - bound_names(source)


def _whole(section: Section) -> Iterator[str]:
    cells = section.notebook.cells
    for name, count in Counter(filter(None, map(grade_id, cells))).items():
        if count > 1:
            yield f"grade_id {name!r} stands in {count} cells, it must be unique"
    owners: dict[str, str] = {}
    for cell in cells:
        for name in _names_of(cell):
            if owners.setdefault(name, grade_id(cell)) != grade_id(cell):
                yield f"{name!r} is defined in two stubs, {owners[name]!r} and {grade_id(cell)!r}"
    if not section.setup:
        yield "there is no setup cell"
    for path in sorted(section.path.iterdir()):
        if path.suffix not in BESIDE and path.is_file() and not path.name.startswith("."):
            yield f"{path.name} does not reach learners: data belong into course/data/"


def _names_of(cell: NotebookNode) -> tuple[str, ...]:
    return defined_names(cell.source) if kind(cell) == "stub" and _parses(cell.source) else ()


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
