"""Find the sections of the course and read them.

    section = load("02-decoding")
    section.exercises["top_p_mask"].graded[0].points

The percent-format `.py` is the truth, so a section can be read before it is built.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from .. import place
from ..errors import SectionError
from .cells import defined_names, exercise_of, grade_id, kind, tags
from .headers import expand
from .model import Exercise, Graded, Section

if TYPE_CHECKING:
    from nbformat import NotebookNode


def syllabus(root: Path | None = None) -> dict[str, dict]:
    """Name -> entry of `course/syllabus.toml`, in the order of the course."""
    path = (root or place.root()) / "course" / "syllabus.toml"
    return _syllabus(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)  # the panel asks for every section, at every click
def _syllabus(path: Path, changed: int) -> dict[str, dict]:
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("section", [])
    return {entry["name"]: entry for entry in entries}


def names(root: Path | None = None) -> list[str]:
    """The sections on disk, in the order of the syllabus; those that it does not list come last."""
    root = root or place.root()
    order = list(syllabus(root))
    found = sorted(p.parent.name for p in (root / "source").glob("*/*.py") if p.stem == p.parent.name)
    return sorted(found, key=lambda name: order.index(name) if name in order else len(order))


def load(name: str, root: Path | None = None) -> Section:
    """The section `name`, the same object while its files are; an unknown one raises a `SectionError`."""
    root = Path(root or place.root())
    py = source(name, root)
    return _load(py, root, syllabus(root).get(name, {}).get("title", name), py.stat().st_mtime_ns)


def source(name: str, root: Path | None = None) -> Path:
    """The `.py` of a section; an unknown one raises a `SectionError` that names the known ones."""
    root = Path(root or place.root())
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
        why = str(error).splitlines()[0].rstrip(".")
        raise SectionError(f"{py.name} is not a notebook in jupytext's percent format: {why}.") from error
    expand(notebook, py.name)
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


def _graded(cell: NotebookNode) -> Graded:
    meta = cell.metadata.nbgrader
    return Graded(meta.grade_id, cell.source, meta.get("points", 0), timed="timed" in tags(cell),
                  manual=bool(meta.get("solution")), gpu="gpu" in tags(cell))
