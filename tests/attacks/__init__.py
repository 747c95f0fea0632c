"""The attack corpus: submissions that want points they have not earned, or harm. One idea a file.

    \"\"\"The idea, in one sentence.\"\"\"
    # attacks: softmax               the exercise that must earn 0 points (softmax when left out)
    # says: ended its process        a regular expression that the feedback on one of its aspects must match
    # danger: eats all memory        why it must never run outside a sandbox

    def answer(*args, **kwargs):     stands for the exercise's function, whatever its name
        ...

    # %% after                       more cells: `before` the stub, directly `after` it, or `replace GRADE_ID`

{secret}, {environment}, {file}, {port}, {socket}, {pid} stand for the canaries' places, {name} for the function.
The corpus fits any section: `notebook(section, attack, exercise="top_p_mask")`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from grader.section.cells import grade_id
from grader.section.load import load
from grader.section.model import Section

HERE = Path(__file__).parent
COURSE = HERE.parent / "data" / "attacked"
_CELL = re.compile(r"^# %% ", re.MULTILINE)
_HEADER = re.compile(r"^# (attacks|says|danger): (.*)$", re.MULTILINE)
_PLACE = re.compile(r"\{(secret|environment|file|port|socket|pid|name)\}")


@dataclass(frozen=True)
class Attack:
    name: str
    idea: str
    code: str                                # defines `answer`
    cells: list[tuple[str, str]]             # (where, source)
    attacks: str = "softmax"
    says: str = ""
    danger: str = ""


def attacks() -> list[Attack]:
    return [read(path) for path in sorted(HERE.glob("[0-9]*.py"))]


def read(path: Path) -> Attack:
    _, idea, text = path.read_text().split('"""', 2)
    code, *more = _CELL.split(text)
    cells = [(where, source) for where, source in (cell.split("\n", 1) for cell in more)]
    return Attack(path.stem, idea.strip(), _HEADER.sub("", code).strip(), cells, **dict(_HEADER.findall(code)))


def section() -> Section:
    """The section that the corpus attacks when it is not given another."""
    return load("90-attacked", COURSE)


def notebook(section: Section, attack: Attack, canaries: Mapping[str, object] = {},
             exercise: str = "") -> nbformat.NotebookNode:
    """The submission: the reference solution, with the attack in place of one exercise."""
    exercise = exercise or attack.attacks
    places = {**canaries, "name": section.exercises[exercise].names[0]}
    cells = copy.deepcopy(section.notebook.cells)
    for where, source in [("answer", attack.code), *attack.cells]:
        source = _PLACE.sub(lambda m: str(places.get(m[1], "/nowhere/at/all")), source).strip()
        source = re.sub(r"\banswer\b", places["name"], source)
        cells = list(_placed(cells, where, source, exercise))
    return nbformat.v4.new_notebook(cells=cells, metadata=copy.deepcopy(section.notebook.metadata))


def _placed(cells: list, where: str, source: str, exercise: str) -> Iterator:
    where, _, target = where.partition(" ")
    for cell in cells:
        hit = grade_id(cell) == (target or exercise)
        if hit and where in ("answer", "replace"):
            cell.source = source
        if hit and where == "before":
            yield nbformat.v4.new_code_cell(source)
        yield cell
        if hit and where == "after":
            yield nbformat.v4.new_code_cell(source)
