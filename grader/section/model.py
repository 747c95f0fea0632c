"""A section, read: one folder under `source/` as one immutable object."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .cells import HIDDEN, SCHEME, exercise_of, grade_id, kind, without_marks

if TYPE_CHECKING:
    from nbformat import NotebookNode


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

    @property
    def judged_points(self) -> float:
        """Those that need no person."""
        return sum(g.points for g in self.graded if not g.manual)


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

    def scheme(self, question: Graded) -> list[str]:
        """Question with marking scheme, and last a model answer, of a written question; Markdown."""
        asked = [c.source for c in self.notebook.cells if grade_id(c).startswith(question.grade_id) and SCHEME.search(c.source)]
        return [without_marks(text) for text in [*asked, question.source]]

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
