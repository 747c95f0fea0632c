"""What a section is: one folder under `source/`, read into one immutable object.

    section = load("02-decoding")
    section.exercises["top_p_mask"].graded[0].points

The percent-format `.py` is the truth, so a section can be read before it is built. A cell is a plain nbformat cell;
`kind(cell)` says which of the cells of `docs/authoring.md` it is.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import itertools
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

KINDS = ("setup", "stub", "graded", "written", "picture", "experiment", "widget", "hints", "card", "text")
SKIPPED = "skip-execution"  # nbclient's own tag for cells that do not run while grading
SOLUTION = re.compile(r"[^\n]*BEGIN SOLUTION.*?END SOLUTION[^\n]*\n?", re.DOTALL)
HIDDEN = re.compile(r"[^\n]*BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*\n?", re.DOTALL)


class SectionError(Exception):
    """A section that is not there or cannot be read; the message is one sentence for a person."""


@dataclass(frozen=True)
class Graded:
    """One graded cell: one named aspect of an exercise, or a written answer."""
    grade_id: str
    source: str  # with its hidden tests
    points: float
    timed: bool = False
    manual: bool = False
    gpu: bool = False  # a timed one with a limit of its own for a GPU

    @property
    def exercise(self) -> str:
        return exercise_of(self.grade_id)

    @property
    def resource(self) -> str | None:
        """What a machine of a cluster must offer to judge it, one aspect at a time; None where any machine will do."""
        return ("GPU" if self.gpu else "TIMED") if self.timed else None

    @property
    def visible(self) -> str:
        """The source without its hidden tests: what the learner sees."""
        return HIDDEN.sub("", self.source)


@dataclass(frozen=True)
class Exercise:
    """A stub with its graded cells; a written question has no stub."""
    id: str
    stub_id: str | None
    names: tuple[str, ...] = ()
    graded: tuple[Graded, ...] = ()

    @property
    def points(self) -> float:
        return sum(g.points for g in self.graded)


@dataclass(frozen=True, eq=False)  # each is a key for what is derived from it
class Section:
    """A section as its author wrote it; nobody changes it. Dictionaries are in the notebook's order."""
    name: str
    title: str
    root: Path
    notebook: NotebookNode = field(repr=False)
    setup: list[NotebookNode] = field(repr=False)
    stubs: dict[str, NotebookNode] = field(repr=False)  # stub grade_id -> its cell
    graded: dict[str, Graded] = field(repr=False)
    exercises: dict[str, Exercise] = field(repr=False)
    names: dict[str, str] = field(repr=False)  # top-level name -> grade_id of the stub that defines it

    @property
    def path(self) -> Path:
        """The folder that the author works in."""
        return self.root / "source" / self.name

    @property
    def py_path(self) -> Path:
        return self.path / f"{self.name}.py"

    @property
    def source_path(self) -> Path:
        return self.path / f"{self.name}.ipynb"

    @property
    def release_path(self) -> Path:
        return self.root / "release" / self.name / f"{self.name}.ipynb"

    @property
    def points(self) -> float:
        return sum(g.points for g in self.graded.values())

    def cells(self, kind_: str) -> list[NotebookNode]:
        """All cells of one kind, in order."""
        return [cell for cell in self.notebook.cells if kind(cell) == kind_]


# --- finding and loading ---------------------------------------------------------------------------------------------

def find_root() -> Path:
    """The course's checkout: `$COURSE_ROOT`, else the one this package stands in, else the one around the cwd."""
    if told := os.environ.get("COURSE_ROOT"):
        return Path(told).resolve()
    cwd = Path.cwd()
    for folder in [Path(__file__).resolve().parent.parent, cwd, *cwd.parents]:
        if (folder / "course" / "syllabus.toml").is_file() and (folder / "source").is_dir():
            return folder
    raise SectionError("The course's checkout was not found: run this command inside it, or set COURSE_ROOT to it.")


def syllabus(root: Path | None = None) -> dict[str, dict]:
    """Name -> entry of `course/syllabus.toml`, in the order of the course."""
    path = (root or find_root()) / "course" / "syllabus.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("section", [])
    return {entry["name"]: entry for entry in entries}


def names(root: Path | None = None) -> list[str]:
    """The sections on disk, in the order of the syllabus; those that it does not list come last."""
    root = root or find_root()
    order = list(syllabus(root))
    found = sorted(p.parent.name for p in (root / "source").glob("*/*.py") if p.stem == p.parent.name)
    return sorted(found, key=lambda name: order.index(name) if name in order else len(order))


def load(name: str, root: Path | None = None) -> Section:
    """The section `name`, the same object while its files are; an unknown one raises a `SectionError`."""
    root = Path(root or find_root())
    py = source(name, root)
    return _load(py, root, syllabus(root).get(name, {}).get("title", name), py.stat().st_mtime_ns)


def source(name: str, root: Path | None = None) -> Path:
    """The `.py` of a section; an unknown one raises a `SectionError` that names the known ones."""
    root = Path(root or find_root())
    known = names(root)
    if name not in known:
        raise SectionError(f"There is no section {name!r}; there is {', '.join(known) or 'none yet'}.")
    return root / "source" / name / f"{name}.py"


@functools.lru_cache(maxsize=64)
def _load(py: Path, root: Path, title: str, changed: int) -> Section:  # `changed` makes an edited file a new key
    return parse(py.stem, read_source(py), root, title)


def read_source(py: Path) -> NotebookNode:
    """The notebook that stands in a percent-format `.py`, its cells named by grade_id or content."""
    import jupytext  # half a second, in which `course check` starts the sandbox

    try:
        notebook = jupytext.reads(py.read_text(encoding="utf-8"), fmt="py:percent")
    except Exception as error:
        raise SectionError(f"{py.name} is not a notebook in jupytext's percent format: {error}") from error
    _name_cells(notebook)
    return notebook


def _name_cells(notebook: NotebookNode) -> None:
    """Give every cell an id that only its grade_id or its text decides, so that building twice gives the same bytes."""
    taken: set[str] = set()
    for cell in notebook.cells:
        text = grade_id(cell) or hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        base = re.sub(r"[^a-zA-Z0-9_-]", "-", text)[:60]
        cell.id = next(i for n in itertools.count(1) if (i := base if n == 1 else f"{base}-{n}") not in taken)
        taken.add(cell.id)


def parse(name: str, notebook: NotebookNode, root: Path, title: str = "") -> Section:
    """Read a notebook of a section into the model."""
    stubs = {grade_id(c): c for c in notebook.cells if kind(c) == "stub"}
    graded = {grade_id(c): _graded(c) for c in notebook.cells if kind(c) in ("graded", "written")}
    defined = {stub_id: defined_names(c.source, f"{name}, stub {stub_id}") for stub_id, c in stubs.items()}
    ids = dict.fromkeys(exercise_of(grade_id(c)) for c in notebook.cells if kind(c) in ("stub", "graded", "written"))
    exercises = {i: Exercise(i, i if i in stubs else None, defined.get(i, ()),
                             tuple(g for g in graded.values() if g.exercise == i)) for i in ids}
    return Section(
        name=name, title=title or name, root=Path(root), notebook=notebook,
        setup=[c for c in notebook.cells if kind(c) == "setup"], stubs=stubs, graded=graded, exercises=exercises,
        names={n: stub_id for stub_id, found in defined.items() for n in found},
    )


# --- cells -----------------------------------------------------------------------------------------------------------

def tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def grade_id(cell: NotebookNode) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def exercise_of(grade_id: str) -> str:
    """`top_p_mask__ties` -> `top_p_mask`."""
    return grade_id.split("__", 1)[0]


def kind(cell: NotebookNode) -> str:
    """Which of KINDS a cell is; a code cell that fits none is `text`, and lint complains about it."""
    meta = cell.metadata.get("nbgrader", {})
    if meta.get("grade"):
        return "written" if meta.get("solution") else "graded"
    if meta.get("solution"):
        return "stub"
    return next((k for k in KINDS if k in tags(cell)), "text")


def _graded(cell: NotebookNode) -> Graded:
    meta = cell.metadata.nbgrader
    return Graded(meta.grade_id, cell.source, meta.get("points", 0), timed="timed" in tags(cell),
                  manual=bool(meta.get("solution")), gpu="gpu" in tags(cell))


# --- names that code defines -----------------------------------------------------------------------------------------

def defined_names(source: str, where: str = "a cell") -> tuple[str, ...]:
    """The names that a stub's top level defines: functions, classes, assigned names. Imports are not the learner's."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise SectionError(f"{where}: line {error.lineno} is not Python: {error.msg}.") from error
    return tuple(dict.fromkeys(n for statement in tree.body for n in _bound(statement, imports=False)))


def bound_names(source: str) -> set[str]:
    """All names that a cell's top level binds, imports included."""
    return {n for statement in ast.parse(source).body for n in _bound(statement, imports=True)}


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
