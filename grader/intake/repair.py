"""Put a learner's notebook right and plan its judging.

The section is the truth for setup and graded cells, the learner for the rest. What was copied, deleted, split, merged,
moved, retyped or renumbered is mended by grade_id and said in words; the learner's cells run in their own order.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from nbformat import NotebookNode

from ..section.cells import SKIPPED, exercise_of, grade_id, tags
from ..section.model import Graded, Section
from .given import blank, by_its_checksum, squashed, untouched
from .notebook import new_cell, new_notebook

MAX_GLUED, MAX_TRIES = 20_000, 50  # characters, and pairs of cells, that are tried as one stub
DEFINES = re.compile(r"^(?:async[ \t]+def|def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One thing to do, in order: run a cell of the learner's, or judge a graded one."""

    id: str
    source: str = ""
    stub: str | None = None       # the stub whose definition this cell holds
    graded: Graded | None = None
    free: bool = False            # a cell of the learner's own
    blank: bool = False           # a written answer that was left alone


def plan(section: Section, mended: NotebookNode) -> list[Step]:
    """The steps that judge a mended notebook."""
    setup = {grade_id(cell) for cell in section.setup}
    steps = [Step(cell.id, cell.source) for cell in section.setup]  # first, wherever it was: all else stands on it
    for cell in mended.cells:
        key = grade_id(cell)
        if key in section.graded:
            steps.append(Step(cell.id, graded=section.graded[key], blank=blank(cell)))
        elif key in section.stubs:
            steps.append(Step(cell.id, cell.source, stub=key))
        elif _runs(cell) and key not in setup:
            steps.append(Step(cell.id, cell.source, free=True))
    return steps


def mend(section: Section, notebook: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """The notebook with each setup and graded cell once, in the order of judging; and the repairs, one sentence each.

    The learner's cells keep their ids; mending a notebook twice gives the same.
    """
    mending = Mending(section, notebook)
    for work in (mending.stubs_are_code, mending.stubs_are_whole, mending.locked_cells_stand_once,
                 mending.missing_cells_are_back, mending.graded_cells_follow_their_work):
        mending.cells = work()
    return new_notebook(mending.cells), mending.repairs


class Mending:
    """One notebook on the bench. Each method returns all cells with one kind of damage put right."""

    def __init__(self, section: Section, notebook: NotebookNode):
        self.section, self.cells = section, list(notebook.cells)
        self.repairs = list(notebook.metadata.get("grader", {}).get("repairs", []))  # what reading it took
        locked = {*section.graded, *(grade_id(c) for c in section.setup)}
        self.locked = {grade_id(c): c for c in section.notebook.cells if grade_id(c) in locked}
        self._names: dict[str, set[str]] = {}  # cell id -> names that it defines
        self._tries = 0

    # --- stubs --------------------------------------------------------------------------------------------------------

    def stubs_are_code(self) -> list[NotebookNode]:
        """A stub that became text is code again; where it stands several times, untouched copies are passed over."""
        stubs = [c for c in self.cells if self._is_stub(c)]
        filled = {grade_id(c) for c in stubs if not untouched(c, self.section)}
        spare = {c.id: grade_id(c) for c in stubs if grade_id(c) in filled and untouched(c, self.section)}
        self._say(spare.values(), "an untouched copy of the {cells} {names} was passed over")
        retyped = (grade_id(c) for c in stubs if c.cell_type != "code" and c.id not in spare)
        self._say(retyped, "the {cells} {names} {was} no code any more and {was} run as code all the same")
        return [_as_code(c) if self._is_stub(c) else c for c in self.cells if c.id not in spare]

    def stubs_are_whole(self) -> list[NotebookNode]:
        """A stub that was split inside a function is glued; other parts and copies run in their order."""
        kept: list[NotebookNode] = []
        split, last = [], None  # last: where the last code cell is
        for cell in self.cells:
            if cell.cell_type == "code":
                if last is not None and (whole := self._glued(kept[last], cell)):
                    kept[last] = whole
                    split.append(grade_id(whole))
                    continue
                last = len(kept)
            kept.append(cell)
        self._say(split, "the parts of the {cells} {names}, which had been split, were put together")
        counts = Counter(map(grade_id, kept))
        several = (stub for stub in self.section.stubs if counts[stub] > 1)
        self._say(several, "the {cells} {names} stood more than once; all ran in order")
        return kept

    def _glued(self, first: NotebookNode, second: NotebookNode) -> NotebookNode | None:
        """Two cells in one, where they are Python only together and belong to one stub."""
        stubs = {grade_id(c) for c in (first, second) if self._is_stub(c)}
        plain = (c for c in (first, second) if not self._is_stub(c))
        if len(stubs) != 1 or any(grade_id(c) in self.locked or not _runs(c) for c in plain):
            return None
        source = f"{first.source}\n{second.source}"
        self._tries += 1
        if len(source) > MAX_GLUED or self._tries > MAX_TRIES:
            return None
        if _compiles(first.source) and _compiles(second.source) or not _compiles(source):
            return None
        return _as_code(first if self._is_stub(first) else second, source)

    # --- setup and graded cells ---------------------------------------------------------------------------------------

    def locked_cells_stand_once(self) -> list[NotebookNode]:
        """Each setup and graded cell stands once, at the place of its last copy, as the section has it."""
        found = [c for c in self.cells if grade_id(c) in self.locked]
        self._say_what_changed(found)
        last = {grade_id(c): c.id for c in found}
        blank_first = sorted(found, key=lambda c: not blank(c))
        answers = {grade_id(c): c.source for c in blank_first}  # so that what was written wins
        elsewhere = {n for c in self.cells if grade_id(c) not in self.locked and _runs(c) for n in self._defined(c)}
        kept, work = [], []
        for cell in self.cells:
            key = grade_id(cell)
            if key not in self.locked:
                kept.append(cell)
                continue
            if self._holds_work(cell, elsewhere):
                kept.append(new_cell(cell.source, f"{cell.id}-own", {}))
                work.append(key)
            if cell.id == last[key]:
                kept.append(self._official(key, answers[key]))
        self._say(work, "what was written into the {cells} {names} ran too, as a cell of its own")
        return kept

    def _say_what_changed(self, found: list[NotebookNode]) -> None:
        counts = Counter(map(grade_id, found))
        several = (key for key in self.locked if counts[key] > 1)
        self._say(several, "the {cells} {names} stood more than once and {was} counted once")
        found = [c for c in found if not by_its_checksum(c)]
        mine = [c for c in found if not self._manual(c)]  # an answer is the learner's, whatever its cell has become
        retyped = (grade_id(c) for c in mine if c.cell_type != "code")
        self._say(retyped, "the {cells} {names} {was} no code any more and {was} put back")
        edited = (grade_id(c) for c in mine if not self._as_given(c))
        self._say(edited, "the {cells} {names} had been edited; the course's own {was} used")
        graded = [(c, self.section.graded[grade_id(c)]) for c in found if grade_id(c) in self.section.graded]
        other = (g.grade_id for c, g in graded if c.metadata.nbgrader.get("points", g.points) != g.points)
        self._say(other, "the {cells} {names} had other points than the course gives; the course's own were used")

    def _as_given(self, cell: NotebookNode) -> bool:
        graded = self.section.graded.get(grade_id(cell))
        given = [self.locked[grade_id(cell)].source] + ([graded.visible] if graded else [])
        return squashed(cell.source) in map(squashed, given)

    def _holds_work(self, cell: NotebookNode, elsewhere: set[str]) -> bool:
        """A setup cell that was added to, or a graded cell that was merged with a stub which is nowhere else."""
        if cell.cell_type != "code" or self._as_given(cell):
            return False
        return grade_id(cell) not in self.section.graded or bool(self._defined(cell) - elsewhere)

    def _official(self, key: str, answer: str = "") -> NotebookNode:
        cell = copy.deepcopy(self.locked[key])
        if self._manual(cell):
            cell.source = answer
        return cell

    def missing_cells_are_back(self) -> list[NotebookNode]:
        """Missing setup cells stand first, missing graded cells after the work that they grade."""
        present = {grade_id(c) for c in self.cells}
        missing = [key for key in self.locked if key not in present]
        graded = [key for key in missing if key in self.section.graded]
        cells = [self._official(key) for key in missing if key not in graded] + self.cells
        for key in graded:
            cells.insert(self._end_of(exercise_of(key), cells), self._official(key))
        self._say(missing, "the {cells} {names} {was} missing and {was} put back")
        return cells

    def _end_of(self, exercise: str, cells: list[NotebookNode]) -> int:
        """Where an exercise ends: after its last cell, and after the code that follows before the next cell we know."""
        own = [i for i, c in enumerate(cells) if exercise_of(grade_id(c) or "") == exercise]
        own = own or self._places(exercise, cells) or [len(cells) - 1]
        end = own[-1] + 1
        for i in range(end, len(cells)):
            if self._is_stub(cells[i]) or grade_id(cells[i]) in self.locked:
                break
            if _runs(cells[i]):
                end = i + 1
        return end

    def graded_cells_follow_their_work(self) -> list[NotebookNode]:
        """A graded cell waits for its stub and for those before it in the section, where they stand further down."""
        places = {stub: self._places(stub, self.cells) for stub in self.section.stubs}
        before = self._stubs_before()
        moved: dict[str, str] = {}  # cell id -> grade_id
        waiting: dict[int, list[NotebookNode]] = {}
        for here, cell in enumerate(self.cells):
            late = [places[s][-1] for s in before.get(grade_id(cell), ()) if places[s] and places[s][0] > here]
            if late:
                moved[cell.id] = grade_id(cell)
                waiting.setdefault(max(late), []).append(cell)
        self._say(moved.values(), "the {cells} {names} stood before the work to be graded; the work ran first")
        kept = []
        for here, cell in enumerate(self.cells):
            kept += [cell] * (cell.id not in moved) + waiting.get(here, [])
        return kept

    def _stubs_before(self) -> dict[str, list[str]]:
        """For each graded cell the stubs that stand before it in the section."""
        stubs, before = [], {}
        for key in map(grade_id, self.section.notebook.cells):
            if key in self.section.stubs:
                stubs.append(key)
            elif key in self.section.graded and not self.section.graded[key].manual:
                before[key] = list(stubs)
        return before

    def _places(self, stub: str, cells: list[NotebookNode]) -> list[int]:
        """Where a stub stands; if its grade_id was lost, the first cell that defines one of its names."""
        names = {name for name, owner in self.section.names.items() if owner == stub}
        places = [i for i, c in enumerate(cells) if grade_id(c) == stub]
        return places or [i for i, c in enumerate(cells)
                          if _runs(c) and grade_id(c) not in self.locked and self._defined(c) & names][:1]

    # --- small words --------------------------------------------------------------------------------------------------

    def _is_stub(self, cell: NotebookNode) -> bool:
        return grade_id(cell) in self.section.stubs

    def _manual(self, cell: NotebookNode) -> bool:
        graded = self.section.graded.get(grade_id(cell))
        return bool(graded and graded.manual)

    def _defined(self, cell: NotebookNode) -> set[str]:
        """The section's names that a cell defines at its top level; it need not be whole Python."""
        if cell.id not in self._names:
            self._names[cell.id] = {a or b for a, b in DEFINES.findall(cell.source)} & self.section.names.keys()
        return self._names[cell.id]

    def _say(self, keys: Iterable[str], sentence: str) -> None:
        """Note a repair of these cells, if there are any."""
        keys = list(dict.fromkeys(keys))
        if keys:
            names = ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
            cells, was = ("cell", "was") if len(keys) == 1 else ("cells", "were")
            self.repairs.append(sentence.format(cells=cells, names=names, was=was))


def _runs(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and SKIPPED not in tags(cell)


def _as_code(cell: NotebookNode, source: str | None = None) -> NotebookNode:
    return new_cell(cell.source if source is None else source, cell.id, cell.metadata)


def _compiles(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(compile(source, "<stub>", "exec"))
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return False
