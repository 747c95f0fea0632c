"""In-place changes across the wall: what a call does to its arguments happens to its caller's on the other side."""

from __future__ import annotations

import dataclasses
import numbers
from typing import Any

import numpy as np
import torch

from .values import Encoder


def changes(args: tuple, kwargs: dict, sent: dict, buffers: list[bytes], encoder: Encoder) -> list[list]:
    """The arguments of a call that are no longer what was sent: [place or name, node] each.

    sent, buffers: the node of (args, kwargs), as it arrived
    encoder:       makes the nodes
    """
    changed: list[list] = []
    for key, value, node in [*zip(range(len(args)), args, sent["tuple"][0]["tuple"]),
                             *((k, kwargs[k], n) for k, n in sent["tuple"][1]["dict"])]:
        if isinstance(node, (list, dict)) and "ref" not in node and "own" not in node:
            before, after = Plain(buffers, node), Encoder(_placeholder)
            if (after.encode(value), after.buffers) != (before.node, before.buffers):
                changed.append([key, encoder.encode(value)])
    return changed


def changed_arguments(changed: Any, args: tuple, kwargs: dict) -> list[tuple[Any, Any]]:
    """Each of the caller's arguments that changed, with its node. Raises TypeError, ValueError or LookupError on any other."""
    return [(kwargs[key] if isinstance(key, str) else args[key], node) for key, node in changed or ()]


class Plain:
    """A received node in the form in which Encoder would give it: buffers numbered in the order of use."""

    def __init__(self, buffers: list[bytes], node):
        self.source = buffers
        self.buffers: list[bytes] = []
        self.node = self.renumber(node)

    def renumber(self, node):
        if isinstance(node, list):
            return [self.renumber(n) for n in node]
        if isinstance(node, dict):
            kind = next(iter(node))
            if kind in ("tensor", "array", "scalar", "bytes"):
                self.buffers.append(self.source[node[kind]])
                return {**node, kind: len(self.buffers) - 1}
            if "ref" in node or "own" in node:
                return _placeholder(None)
            return {k: self.renumber(v) for k, v in node.items()}
        return node


def _placeholder(x) -> dict:
    return {"ref": 0}


def overwrite(old: Any, new: Any) -> None:
    """Bring `new`'s content into the mutable `old`: what an in-place change on the far side means on this one."""
    if isinstance(old, torch.Tensor) and isinstance(new, torch.Tensor):
        if old.shape == new.shape and old.dtype == new.dtype:
            with torch.no_grad():
                old.copy_(new)
        else:
            old.data = new
    elif isinstance(old, np.ndarray) and isinstance(new, np.ndarray) and old.shape == new.shape:
        old[...] = new
    elif isinstance(old, list) and isinstance(new, list):
        old[:] = [_kept(o, n) for o, n in zip(old, new)] + new[len(old):]
    elif isinstance(old, dict) and isinstance(new, dict):
        kept = {k: _kept(old[k], v) if k in old else v for k, v in new.items()}
        old.clear()
        old.update(kept)
    elif isinstance(old, set) and isinstance(new, set):
        old.clear()
        old.update(new)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        _kept(old, new)
    elif dataclasses.is_dataclass(old) and type(old) is type(new):
        for f in dataclasses.fields(old):
            value = _kept(getattr(old, f.name), getattr(new, f.name))
            object.__setattr__(old, f.name, value)


def _kept(old, new):
    if isinstance(old, numbers.Number | str | None) or type(old) is not type(new):
        return new
    if isinstance(old, tuple):  # it cannot change: another one stands in its place, around what is in both
        parts = (*map(_kept, old, new), *new[len(old):])
        return old if len(parts) == len(old) and all(map(_same, old, parts)) else parts
    overwrite(old, new)
    return old if isinstance(old, (torch.Tensor, np.ndarray, list, dict, set)) else new


def _same(old, part) -> bool:
    """Whether a part of a tuple is what it was: the same object, or an equal one that cannot change."""
    return old is part or isinstance(old, numbers.Number | str | bytes | None) and type(old) is type(part) and old == part
