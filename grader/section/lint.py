"""What a section's source must keep to before it is built; every complaint is one sentence that names the cell.

The rules are those of `docs/authoring.md`. What only running can show (does the reference earn every point? is the
untouched stub's message right?) belongs to `grader prove` and the tests.
"""

from __future__ import annotations

import ast
import builtins
import functools
import symtable
from collections import Counter
from collections.abc import Collection, Iterator

from nbformat import NotebookNode

from .cells import (
    HIDDEN,
    KINDS,
    LEVELS,
    MARKS,
    SKIPPED,
    SOLUTION,
    bound_names,
    card_id,
    defined_names,
    exercise_of,
    grade_id,
    kind,
    parsed,
    tags,
)
from .links import mentioned, numbered
from .model import Section

TAGS = {*KINDS, SKIPPED, "house_rules", "timed", "gpu", *LEVELS}
FREE_OF_STUB = {"prediction", "written"}  # exercises that need neither a function nor hints
SHOWN_SIDE = {"course.figures", "course.sections"}
LONGEST_SOLUTION = 40
BESIDE = (".py", ".ipynb", ".md")  # what stands in a section's folder


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
    if cell.cell_type == "markdown":
        yield from _mentions(cell)
    if cell.cell_type == "code" and kind(cell) in ("setup", "helper", "stub", "graded"):
        try:
            parsed(cell.source)
        except SyntaxError as error:
            yield f"line {error.lineno} is not plain Python: {error.msg}"
            return
        yield from {"setup": _setup, "helper": _helper, "stub": _stub, "graded": _graded}[kind(cell)](section, cell)
        if shown := sorted(_imported(cell.source) & SHOWN_SIDE):
            yield f"it imports {', '.join(shown)}: pictures are drawn in picture cells, and the sandbox does not have them"


def _metadata(section: Section, cell: NotebookNode) -> Iterator[str]:
    for tag in tags(cell):
        if tag not in TAGS and tag not in section.stubs and tag != f"q{card_id(cell)}":
            yield f"unknown tag {tag!r}"
    if cell.cell_type == "code" and kind(cell) == "text":
        yield "a code cell of no known kind: docs/authoring.md lists the headers"


def _marks(cell: NotebookNode) -> Iterator[str]:
    for begin, end in MARKS:
        order = [begin if begin in line else end for line in cell.source.splitlines() if begin in line or end in line]
        if order != [begin, end] * (len(order) // 2) or len(order) % 2:
            yield f"every {begin!r} needs its {end!r} after it"
    if "BEGIN SOLUTION" in cell.source and kind(cell) not in ("stub", "written"):
        yield "a solution outside a stub or a written answer would reach the learner"
    if "BEGIN HIDDEN TESTS" in cell.source and kind(cell) not in ("graded", "helper"):
        yield "hidden tests outside a graded cell would never run"


def _mentions(cell: NotebookNode) -> Iterator[str]:
    known = numbered()
    for name in mentioned(cell.source):
        if not known.get(name[:2], "").startswith(name):
            yield f"it speaks of section {name}, and the course has none of that name"


def _imported(source: str) -> set[str]:
    """Every module that code imports, and each of its parents."""
    found = set()
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}", *(f"{node.module}.{a.name}" for a in node.names)}
    return {".".join(name.split(".")[:n]) for name in found for n in range(1, name.count(".") + 2)}


def _helper(section: Section, cell: NotebookNode) -> Iterator[str]:
    if HIDDEN.sub("", cell.source).strip():
        yield "the helper stands wholly between '### BEGIN HIDDEN TESTS' and '### END HIDDEN TESTS': learners never see it"
    yield from _setup(section, cell)


def _setup(section: Section, cell: NotebookNode) -> Iterator[str]:
    if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(parsed(cell.source))):
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
    tree = parsed(cell.source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is None:
            yield f"the assert in line {node.lineno} has no message: say what was expected and what came"
    if any(_wraps(call) for call in ast.walk(tree)):
        yield "fresh() asks a function of the learner's by its name: around it, a lambda would hand on a copy of the answer"
    if _shows_a_value(tree.body[-1:]):
        yield "it ends in a bare value, which plain nbgrader would read as the score: assign it, or check it"
    if ("gpu" in tags(cell)) != ("gpu_limit=" in cell.source):
        yield "the tag 'gpu' and a duel with gpu_limit= belong together: by the tag a cluster finds a machine for it"
    given, hidden = _known(section)
    if unknown := sorted(free_names(cell.source) - given - hidden):
        yield f"{', '.join(unknown)}: neither in the setup nor in a stub nor made in this cell"
    if seen := sorted(free_names(HIDDEN.sub("", cell.source)) & (hidden - given)):
        yield f"its open part uses {', '.join(seen)} of the helper, which learners do not have"


@functools.lru_cache(maxsize=1)
def _known(section: Section) -> tuple[set[str], set[str]]:
    """The names that a graded cell may use, and those of them that the helper makes and learners do not have."""
    given = {*section.names, *(n for c in section.setup for n in _bound(c)), *dir(builtins)}
    return given, {n for c in section.cells("helper") for n in _bound(c)}


def _wraps(call: ast.AST) -> bool:
    match call:
        case ast.Call(ast.Name("fresh"), [ast.Lambda(), *_]):
            return True
    return False


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
    kinds = [kind(cell) for cell in cells]
    if kinds.count("helper") > 1 or "helper" in kinds and "graded" in kinds[:kinds.index("helper")]:
        yield "one helper cell holds the oracles, before the first graded cell"
    for path in sorted(section.path.iterdir()):
        if path.suffix not in BESIDE and path.is_file() and not path.name.startswith("."):
            yield f"{path.name} does not reach learners: data belong into course/data/"


def _names_of(cell: NotebookNode) -> tuple[str, ...]:
    return defined_names(cell.source) if kind(cell) == "stub" and _parses(cell.source) else ()


def _bound(cell: NotebookNode) -> Collection[str]:
    """The names that a cell binds; none where it is not Python, of which it hears itself."""
    return bound_names(cell.source) if _parses(cell.source) else ()


def _parses(source: str) -> bool:
    try:
        parsed(source)
    except SyntaxError:
        return False
    return True
