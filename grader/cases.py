"""Cases: wrong solutions that a section's tests must fail, and further right ones that they must pass.

A case is a file `EXERCISE__slug.py`: a docstring, imports, and whole definitions of names of the section, which replace
those of the reference solution.
"""

from __future__ import annotations

import ast
import functools
import json
from dataclasses import dataclass, replace
from pathlib import Path

from .intake.repair import Step, plan
from .section.cells import bound_names, defined_names, exercise_of, grade_id
from .section.model import Section

REACHES_ANYTHING = {"eval", "exec", "globals", "locals", "vars", "get_ipython", "__import__"}


@dataclass(frozen=True)
class Case:
    """A wrong or another right solution. `timed`: it is about speed."""

    name: str
    exercise: str
    source: str
    names: tuple[str, ...]
    mutant: bool
    timed: bool

    @property
    def key(self) -> str:
        return f"{'mutants' if self.mutant else 'variants'}/{self.name}"


def find_cases(section: Section, folder: Path) -> tuple[list[Case], list[dict]]:
    """The cases in a folder, and those that do not fit the section, each with a reason."""
    cases, skipped = [], []
    for kind in ("mutants", "variants"):
        for path in sorted((folder / kind).glob("*.py")):
            try:
                cases.append(_read_case(section, path, mutant=kind == "mutants"))
            except ValueError as e:
                skipped.append({"name": f"{kind}/{path.stem}", "reason": str(e)})
    return cases, skipped


def _read_case(section: Section, path: Path, mutant: bool) -> Case:
    source = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(source)
        compile(tree, str(path), "exec")  # refuses what only parses
        doc = ast.get_docstring(tree) or ""
    except SyntaxError as e:
        raise ValueError(f"line {e.lineno} is not Python: {e.msg}") from None
    names = tuple(n for n in defined_names(source) if n in section.names)
    exercise = exercise_of(path.stem)
    if exercise not in section.exercises:
        exercise = section.names.get(exercise) or (section.names[names[0]] if names else "")
    if not exercise or not names:
        raise ValueError(f"{section.name} has no exercise {exercise_of(path.stem)!r}, or the case defines none of its names")
    return Case(path.stem, exercise, source, names, mutant, doc.lower().startswith("timed:"))


# --- the long way: a whole notebook -----------------------------------------------------------------------------------

def compose(section: Section, case: Case) -> str:
    """The reference notebook with the case's definitions in place of its own, as text."""
    cells = [{**cell, "source": with_case(section, case, grade_id(cell), cell.source)} if cell.cell_type == "code" else cell
             for cell in section.notebook.cells]
    return json.dumps({**section.notebook, "cells": cells})


def with_case(section: Section, case: Case, stub: str | None, source: str) -> str:
    """The code of a cell; the case follows it where it defines something anew."""
    mine = stub in section.stubs and stub in {case.exercise, *(section.names[name] for name in case.names)}
    return f"{source}\n\n{case.source}" if mine else source


# --- the short way: only what decides the verdict ---------------------------------------------------------------------

def steps_of(section: Section, case: Case) -> tuple[Step, ...]:
    """What judges a case as its whole notebook would, in the same order: the cells that its exercise needs, its aspects."""
    steps = [s for s in _whole(section) if not s.graded or s.graded.exercise == case.exercise]
    steps = [replace(s, source=with_case(section, case, s.stub, s.source)) if s.stub else s for s in steps]
    stubs = needed(case.exercise, steps)
    return tuple(s for s in steps if not s.stub or s.stub in stubs)


@functools.lru_cache(maxsize=8)
def _whole(section: Section) -> list[Step]:
    return plan(section, section.notebook)


def needed(exercise: str, steps: list[Step]) -> set[str]:
    """The stubs whose code these steps, with only the aspects of one exercise, can come to run; where that cannot be
    told, all of them."""
    code = {s.stub: s.source for s in steps if s.stub}
    binds: dict[str, set[str]] = {}  # name -> stubs that bind it, imports included
    for stub, source in code.items():
        for name in bound_names(source):
            binds.setdefault(name, set()).add(stub)
    found = {stub for stub, source in code.items() if stub == exercise or not _only_defines(source)}
    todo = [code[stub] for stub in found]
    todo += [s.graded.source if s.graded else s.source for s in steps if not s.stub and not (s.graded and s.graded.manual)]
    while todo:
        names = _named(todo.pop())
        if names & REACHES_ANYTHING:
            return set(code)
        more = {stub for name in names for stub in binds.get(name, ())} - found
        found |= more
        todo += [code[stub] for stub in more]
    return found




@functools.lru_cache(maxsize=4096)
def _named(source: str) -> set[str]:
    """Every name that the code could mean: as a name, in an import, in a string."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.name.split(".")[-1])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return names


@functools.lru_cache(maxsize=4096)
def _only_defines(source: str) -> bool:
    """Whether running the cell does nothing but bind names."""
    return all(map(_defines, ast.parse(source).body))


def _defines(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.FunctionDef() | ast.ClassDef():
            return not statement.decorator_list
        case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
            return not any(isinstance(node, ast.Call) for node in ast.walk(statement))
    return False
