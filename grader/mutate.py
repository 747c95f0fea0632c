"""One slip at a time: change a right solution in one place, and see whether the section's tests notice.

Right solutions are the reference and the section's variants. What survives is for a person to judge: many a change makes no
difference to the answer. What is truly wrong and survives shows a hole in the tests, and belongs into `mutants/`.
"""

from __future__ import annotations

import ast
import copy
import difflib
import random
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from .cases import Case, find_cases, steps_of
from .errors import SectionError
from .pool.jobs import Job
from .pool.local import Local
from .sandbox.host import Warm
from .sandbox.limits import Limits
from .section.model import Section

PATIENCE = Limits(cell=5.0, cell_again=2.0)  # a slip may never end
COMPARISONS = {ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
               ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,)}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
             ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult}
TWINS = {"min": "max", "max": "min", "amin": "amax", "amax": "amin", "argmin": "argmax", "argmax": "argmin", "any": "all",
         "all": "any", "floor": "ceil", "ceil": "floor", "sum": "mean", "mean": "sum"}
WRAPPERS = {"abs", "bool", "clamp", "clone", "contiguous", "copy", "detach", "double", "exp", "flip", "float", "int", "list",
            "log", "long", "reversed", "round", "set", "sorted", "sqrt", "square", "tuple"}  # f(x) -> x
MODULES = {"torch", "math", "np", "F"}


@dataclass(frozen=True)
class Slip:
    """A right solution with one slip. `of`: "reference", or the variant's name; `change`: lines with - and +."""

    case: Case
    of: str
    change: str


def mutate(section: Section, warm: Warm, exercises: Collection[str] = (), at_most: int = 60, seed: int = 0,
           workers: int | None = None, progress: Callable[[int, int], None] = lambda done, total: None) -> dict:
    """Judge slips of each exercise, at most so many, drawn at random; returns what `grader mutate --json` prints.

    Timed checks are passed over: few slips are about speed.
    Raises SectionError for an exercise that the section does not have.
    """
    start = time.monotonic()
    known = [stub for stub in section.stubs if stub != "prediction"]
    if unknown := [e for e in exercises if e not in known]:
        raise SectionError(f"{section.name} has no exercise {unknown[0]!r} to change; there is {', '.join(known)}.")
    slips = [slip for exercise in exercises or known for slip in slips_of(section, exercise, at_most, seed)]
    jobs = [Job(section.name, str(i), steps=steps_of(section, slip.case), only=frozenset({slip.case.exercise}), timed=False,
                bare=True, until="lost", limits=PATIENCE) for i, slip in enumerate(slips)]
    alive = []
    for done, result in enumerate(Local(warm, workers).judge_all(jobs), 1):
        if all(cell.verdict in ("pass", "manual") for cell in result.cells):
            alive.append(int(result.student))
        progress(done, len(jobs))
    survivors = groupby((slips[i] for i in sorted(alive)), key=lambda slip: slip.case.exercise)
    return {"section": section.name, "seconds": round(time.monotonic() - start, 1), "tried": len(jobs),
            "survivors": {exercise: [{"of": s.of, "change": s.change} for s in found] for exercise, found in survivors}}


def slips_of(section: Section, exercise: str, at_most: int, seed: int) -> list[Slip]:
    """Right solutions of an exercise, each with one slip: at most so many, every one another."""
    names = tuple(name for name, owner in section.names.items() if owner == exercise)
    right = {"reference": Case("reference", exercise, section.stubs[exercise].source, names, mutant=False, timed=False)}
    right |= {c.name: c for c in find_cases(section, section.path)[0] if c.exercise == exercise and not (c.mutant or c.timed)}
    found: dict[str, Slip] = {}
    for of, case in right.items():
        tree = ast.parse(case.source)
        before = ast.unparse(tree)
        for new in map(ast.unparse, changes(tree)):
            if new != before and new not in found:
                found[new] = Slip(replace(case, name=f"{case.name}_slip", source=new, mutant=True), of, difference(before, new))
    drawn = random.Random(f"{seed} {exercise}").sample(list(found.values()), min(at_most, len(found)))
    return sorted(drawn, key=lambda slip: list(right).index(slip.of))


def difference(before: str, after: str) -> str:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))


# --- one change -------------------------------------------------------------------------------------------------------

def changes(tree: ast.Module) -> Iterator[ast.Module]:
    """The code with one thing changed in the body of a function, for each thing and each change of it."""
    for i, node in enumerate(_bodies(tree)):
        for other in alternatives(node):
            new = copy.deepcopy(tree)
            spot = _bodies(new)[i]
            _Replace(spot, copy.deepcopy(other)).visit(new)
            yield ast.fix_missing_locations(new)


def _bodies(tree: ast.Module) -> list[ast.AST]:
    """Every node in the bodies of functions: not their annotations, defaults and docstrings, nor what they raise."""
    found: list[ast.AST] = []

    def walk(node: ast.AST, inside: bool) -> None:
        if inside:
            found.append(node)
        inside = inside or isinstance(node, ast.FunctionDef)
        for field, value in ast.iter_fields(node):
            if field not in ("annotation", "returns"):
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, ast.AST) and not isinstance(child, (ast.Raise, ast.Assert, ast.arguments)):
                        walk(child, inside)

    walk(tree, False)
    return found


class _Replace(ast.NodeTransformer):
    def __init__(self, spot: ast.AST, other: ast.AST):
        self.spot, self.other = spot, other

    def visit(self, node: ast.AST) -> ast.AST:
        return self.other if node is self.spot else self.generic_visit(node)


def alternatives(node: ast.AST) -> Iterator[ast.AST]:
    """What a hurried hand might have written in place of this."""
    match node:
        case ast.Compare(left, [op], right):
            for other in COMPARISONS.get(type(op), ()):
                yield ast.Compare(left, [other()], right)
        case ast.Compare(left, [first, second], right):
            for one in COMPARISONS.get(type(first), ())[:1]:
                yield ast.Compare(left, [one(), second], right)
            for two in COMPARISONS.get(type(second), ())[:1]:
                yield ast.Compare(left, [first, two()], right)
        case ast.BinOp(left, op, right):
            if type(op) in OPERATORS:
                yield ast.BinOp(left, OPERATORS[type(op)](), right)
            yield from (left, right)
        case ast.AugAssign(target, op, value) if type(op) in OPERATORS:
            yield ast.AugAssign(target, OPERATORS[type(op)](), value)
            yield ast.Assign([target], value)
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Constant(float(value)):
            yield from (ast.Constant(value + 1), ast.Constant(value / 2))
        case ast.BoolOp(op, [first, *rest]):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), [first, *rest])
            yield from (first, rest[-1])
        case ast.UnaryOp(ast.USub() | ast.Not() | ast.Invert(), operand) if not isinstance(operand, ast.Constant):
            yield operand  # a constant is mostly the last axis, which may well be the first too
        case ast.IfExp(_, body, orelse):
            yield from (body, orelse)
        case ast.If(_, body, orelse):
            yield from (ast.If(ast.Constant(True), body, orelse), ast.If(ast.Constant(False), body, orelse))
        case ast.comprehension(target, iterable, [_, *rest], is_async):
            yield ast.comprehension(target, iterable, rest, is_async)
        case ast.Slice(lower, upper, step):
            yield from (ast.Slice(*parts) for parts in ((None, upper, step), (lower, None, step), (lower, upper, None)))
        case ast.Break() | ast.Continue():
            yield ast.Pass()
        case ast.Call():
            yield from _other_calls(node)
        case ast.Assign() | ast.AnnAssign() | ast.Expr(ast.Call()):
            yield ast.Pass()


def _other_calls(call: ast.Call) -> Iterator[ast.AST]:
    """Another function of the same family, no function at all, or one keyword less."""
    for i in range(len(call.keywords)):
        yield ast.Call(call.func, call.args, call.keywords[:i] + call.keywords[i + 1:])
    match call.func:
        case ast.Name(name):
            if name in TWINS:
                yield ast.Call(ast.Name(TWINS[name]), call.args, call.keywords)
            if name in WRAPPERS and call.args:
                yield call.args[0]
        case ast.Attribute(value, name):
            if name in TWINS:
                yield ast.Call(ast.Attribute(value, TWINS[name]), call.args, call.keywords)
            if name in WRAPPERS:
                plain = isinstance(value, ast.Name) and value.id in MODULES  # torch.exp(x), but x.exp()
                yield call.args[0] if plain and call.args else value
