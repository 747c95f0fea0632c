"""The judge: walks through a learner's notebook, runs the learner's cells over there and the graded cells here.

Here no learner's code ever runs. A graded cell sees the learner's names as proxies and plain values; no verdict means
no points; whatever happens over there ends one cell, never the judging.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
import functools
import linecache
import time
import types
from collections.abc import Collection, Sequence

import numpy as np
import torch
from nbformat import NotebookNode

from course.duel import TooSlow, Undecided

from ..errors import SandboxError
from ..intake.repair import Step, mend, plan
from ..intake.scratch import idle
from ..intake.submissions import Received
from ..sandbox.host import Warm
from ..sandbox.limits import Limits
from ..section.model import Graded, Section
from .session import Fatal, Session
from .verdict import Cell, Ran, Result, unreadable, wanted

LIMITS = Limits()
ATTEMPTS = 3  # at one notebook, when the sandbox breaks down
DATA = (list, dict, set, tuple, torch.Tensor, np.ndarray)


def judge_received(section: Section, received: Received, warm: Warm, *, student: str = "", **how) -> Result:
    """Judge what was handed in; what could not be read gets its 0 with the reason. The rest is as for `judge`."""
    if received.notebook is None:
        return unreadable(section, student, received)
    result = judge(section, received.notebook, warm, student=student, **how)
    result.digest = received.digest
    return result


def judge(section: Section, notebook: NotebookNode, warm: Warm, *, student: str = "", limits: Limits = LIMITS,
          only: Collection[str] | None = None, timed: bool = True) -> Result:
    """Judge one notebook.

    only:  exercises or single aspects to judge; None for all
    timed: False passes over the timed aspects
    Raises SandboxError when the sandbox breaks down again and again.
    """
    mended, repairs = mend(section, notebook)
    result = judge_steps(section, plan(section, mended), warm, student=student, limits=limits, only=only, timed=timed)
    result.status, result.notebook = "repaired" if repairs else "graded", mended
    result.repairs[:0] = repairs
    return result


def judge_steps(section: Section, steps: Sequence[Step], warm: Warm, *, student: str = "", limits: Limits = LIMITS,
                only: Collection[str] | None = None, timed: bool = True, until: str = "") -> Result:
    """Take these steps; from the start again when the sandbox breaks down under them, which is no fault of theirs.

    until: "lost" ends the judging at the first point that is lost, "too_slow" where this is the verdict; what was not
           judged by then is not in the result. Else as for `judge`
    """
    broken = None
    for _ in range(ATTEMPTS):
        warm.revive()
        try:
            result = _take(section, steps, warm, student, limits, wanted(section, only, timed), until)
        except SandboxError as e:
            broken = e
        else:
            if warm.alive():  # else what it lost is not the learner's fault
                return result
    raise broken or SandboxError("the sandbox breaks down on this machine")


def _take(section: Section, steps: Sequence[Step], warm: Warm, student: str, limits: Limits, aspects: list[Graded],
          until: str) -> Result:
    start = time.monotonic()
    result = Result(student, [])
    bench = Bench(section, warm, limits, idle(steps, section.names))
    cells = {}
    try:
        for step in steps:
            if step.graded is None:
                result.outputs[step.id] = bench.run(step)
            elif step.graded in aspects:
                cell = cells[step.graded.grade_id] = bench.grade(step.graded, blank=step.blank)
                if until == cell.verdict or until == "lost" and cell.verdict not in ("pass", "manual"):
                    break
    finally:
        bench.close()
    if bench.passed_over:
        result.repairs.append(f"{bench.passed_over} of your own cells, on which no exercise stands, were passed over: they "
                              f"have {limits.scratch:g} s of computing together")
    result.cells = [cells[g.grade_id] for g in aspects if not until or g.grade_id in cells]
    result.seconds = time.monotonic() - start
    return result


class Bench:
    """Judges the graded cells of one notebook, one after the other."""

    def __init__(self, section: Section, warm: Warm, limits: Limits, idle: Collection[str]):
        self.section, self.limits = section, limits
        self.idle, self.scratch, self.passed_over = idle, limits.scratch, 0
        self.session = Session(warm, limits)
        self.globals = setup_namespace(section)
        self.stopped: dict[str, str] = {}  # stub -> why its cell stopped
        self.slow: set[str] = set()        # exercises that have run out of time before

    def close(self) -> None:
        self.session.close()

    def run(self, step: Step) -> Ran:
        self.session.patience = self.limits.cell
        if step.id in self.idle:
            return self._play(step)
        ran = self.session.run(step.id, step.source)
        if step.stub and ran.error:
            self.stopped[step.stub] = ran.error
        return ran

    def _play(self, step: Step) -> Ran:
        """Run a cell on which nothing stands, as long as there is time for such."""
        if self.scratch <= 0:
            self.passed_over += 1
            return Ran(error="passed over: the cells on which no exercise stands have used up their "
                             f"{self.limits.scratch:g} s of computing")
        ran = self.session.run(step.id, step.source, again=False)
        self.scratch -= ran.spent
        return ran

    def grade(self, graded: Graded, blank: bool = False) -> Cell:
        """The verdict on one graded cell."""
        if graded.manual:
            return Cell(graded.grade_id, graded.points, 0.0 if blank else None, "missing" if blank else "manual",
                        "no answer was written" if blank else "a person reads this answer")
        linecache.cache[f"<{graded.grade_id}>"] = (len(graded.source), None, graded.source.splitlines(True), "")
        try:
            code = compiled(graded)
            self.session.patience = self.limits.cell_again if graded.exercise in self.slow else self.limits.cell
            self.session.start_clock()
            self.session.ratios.clear()
            exec(code, {**own_copies(self.globals), **self._learners_names(graded)})
        except Fatal as e:
            if e.verdict == "timeout":
                self.slow.add(graded.exercise)
            return self._lost(graded, e.verdict, f"{graded.exercise} {e}")
        except SandboxError:
            raise  # no fault of the learner's
        except TooSlow as e:
            return self._lost(graded, "too_slow", str(e), ratio=round(e.ratio, 3))
        except Undecided as e:
            return self._lost(graded, "undecided", str(e))
        except NameError as e:
            return self._lost(graded, "missing" if hasattr(e, "theirs") else "fail", self._why_missing(graded, e))
        except Exception as e:
            return self._lost(graded, *diagnosis(graded, e))
        ratio = round(max(self.session.ratios), 3) if self.session.ratios else None
        return Cell(graded.grade_id, graded.points, float(graded.points), "pass", ratio=ratio)

    def _lost(self, graded: Graded, verdict: str, message: str, ratio: float | None = None) -> Cell:
        return Cell(graded.grade_id, graded.points, 0.0, verdict, message, ratio)

    def _learners_names(self, graded: Graded) -> dict:
        return {name: self.session.get(name) for name in sorted(used_names(graded.source) & set(self.section.names))}

    def _why_missing(self, graded: Graded, e: NameError) -> str:
        stub = next((s for n, s in self.section.names.items() if repr(n) in str(e)), graded.exercise)
        if stub in self.stopped:
            return f"the cell of {stub} stopped: {self.stopped[stub]}"
        return f"{e}: its cell is missing, or it has another name now" if hasattr(e, "theirs") else str(e)


def diagnosis(graded: Graded, e: Exception) -> tuple[str, str]:
    """Verdict and message for an exception that ended a graded cell."""
    if hasattr(e, "theirs"):
        if isinstance(e, NotImplementedError):
            hint = str(e).removeprefix(f"{graded.exercise}: ")
            return "missing", f"{graded.exercise} is not written yet{': ' if hint else ''}{hint}"
        return "error", f"{graded.exercise} stopped with {e.theirs}"
    if isinstance(e, AssertionError):
        return "fail", str(e)
    return "fail", f"the check could not use what came back: {type(e).__name__}: {e}"


def setup_namespace(section: Section) -> dict:
    """What the setup cells and the helper define, fresh: the names that graded cells may use besides the learner's."""
    namespace = {"__builtins__": builtins, "__name__": "__graded__"}
    for cell in [*section.setup, *section.cells("helper")]:
        exec(compile(cell.source, f"<{section.name} setup>", "exec", optimize=0), namespace)
    return namespace


def own_copies(namespace: dict) -> dict:
    """A namespace whose data is fresh, so that what one cell's call changes in place is not there for the next."""
    own = dict(namespace)
    for name, x in namespace.items():
        if isinstance(x, DATA) and name != "__builtins__":
            with contextlib.suppress(Exception):  # what cannot be copied is shared
                own[name] = copy.deepcopy(x)
    return own


@functools.lru_cache(maxsize=4096)
def compiled(graded: Graded) -> types.CodeType:
    return compile(graded.source, f"<{graded.grade_id}>", "exec", optimize=0)  # an assert is a test, however Python was started


@functools.lru_cache(maxsize=4096)
def used_names(source: str) -> set[str]:
    """Every name that the code reads."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
