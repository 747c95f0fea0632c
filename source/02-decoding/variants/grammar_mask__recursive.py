"""Recursion with a memory, state by state."""
from functools import cache
import torch


def grammar_mask(logits, state, table, accepting, eos, left):
    ways, may_end = table.tolist(), accepting.tolist()

    @cache
    def can(q, m):
        if m < 1:
            return False
        return may_end[q] or any(can(n, m - 1) for i, n in enumerate(ways[q]) if i != eos and n >= 0)

    out = logits.clone()
    for b, q in enumerate(state.tolist()):
        ok = [may_end[q] if i == eos else n >= 0 and can(n, left - 1) for i, n in enumerate(ways[q])]
        if not any(ok):
            raise ValueError(f"row {b} cannot be finished")
        out[b, [not o for o in ok]] = float("-inf")
    return out
