"""Which of a learner's free cells nothing judged stands on.

Such cells have a budget of their own, and no process that takes over from a lost one runs them again: play must never
cost an answer. In doubt a cell counts as one that is needed.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

from .repair import Step

REACHES_ANYTHING = {"eval", "exec", "globals", "locals", "vars", "get_ipython", "__import__", "open", "setattr", "delattr"}
WRITES = ("write", "save", "dump", "mkdir")                                # methods that leave files behind
SETS = ("set", "seed", "manual_seed", "use", "enable", "disable", "register")  # functions that change a module's state
FIXED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Names:
    """What a cell has to do with global names.

    reads:   those that it uses, in its functions too
    binds:   those that it gives a value, an attribute or an item, or whose state it sets
    touches: those that it calls methods of, or hands to a function: either may change them
    fixed:   those that are functions or classes by it, and do not change so
    imports: (what, name) of those that it imports
    """

    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    touches: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    imports: frozenset[tuple[str, str]] = frozenset()


def idle(steps: Sequence[Step], judged: Collection[str]) -> frozenset[str]:
    """The ids of the free steps on which nothing stands: no stub and no name that is judged, nor through other cells."""
    if not any(step.free for step in steps):  # a case of a proof has none
        return frozenset()
    free = {step.id: names_of(step.source) for step in steps if step.free}
    others = [names for step in steps if not step.free and (names := names_of(step.source))]
    everywhere = [*others, *filter(None, free.values())]
    fixed = frozenset().union(*(names.fixed | {name for _, name in names.imports} for names in everywhere))
    known = frozenset().union(*(names.imports for names in others))
    wanted = frozenset(judged).union(*(names.reads for names in others))
    needed: set[str] = set()
    while new := {id for id, names in free.items() if id not in needed and (not names or _makes(names, fixed, known) & wanted)}:
        needed |= new
        wanted = wanted.union(*(names.reads for id in new if (names := free[id])))
    return frozenset(free.keys() - needed)


def _makes(names: Names, fixed: frozenset[str], known: frozenset[tuple[str, str]]) -> frozenset[str]:
    return names.binds | names.touches - fixed | {name for _, name in names.imports - known}


def names_of(source: str) -> Names | None:
    """None where a cell may change what it does not name, or is no Python."""
    try:
        source = TransformerManager().transform_cell(source)
        tree, table = ast.parse(source), symtable.symtable(source, "<cell>", "exec")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    nodes = list(ast.walk(tree))
    if any(_reaches_anything(node) for node in nodes):
        return None
    scopes = list(_scopes(table))
    inner = [symbol for scope in scopes[1:] for symbol in scope.get_symbols() if symbol.is_global()]
    top = table.get_symbols()
    binds = {s.get_name() for s in top if s.is_assigned() or s.is_namespace()}
    return Names(frozenset(s.get_name() for s in [*top, *inner] if s.is_referenced()),
                 frozenset(binds | {s.get_name() for s in inner if s.is_assigned()} | set(_changed(nodes))),
                 frozenset(_touched(nodes)),
                 frozenset(node.name for node in nodes if isinstance(node, FIXED)), frozenset(_imported(nodes)))


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)


def _reaches_anything(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id in REACHES_ANYTHING
            or isinstance(node, ast.Attribute) and node.attr.startswith(WRITES)
            or isinstance(node, ast.ImportFrom) and node.names[0].name == "*")


def _changed(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            yield from _base(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith(SETS):
            yield from _base(node.func)


def _touched(nodes: list[ast.AST]) -> Iterator[str]:
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        for part in [call.func] * isinstance(call.func, ast.Attribute) + call.args + [k.value for k in call.keywords]:
            yield from _base(part)


def _imported(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.asname or alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", alias.asname or alias.name) for alias in node.names)


def _base(node: ast.AST) -> Iterator[str]:
    """The name that an attribute or an item belongs to: x of `x.a[0].b`."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id
