"""A hundred rounds of search, however far the end is."""
from math import inf
import torch


def grammar_mask(logits, state, table, accepting, eos, left):
    S, V = table.shape
    need = torch.where(accepting, 1, 10 ** 6)
    ways = table.clone()
    ways[:, eos] = -1
    for _ in range(min(S, 100)):
        after = torch.where(ways >= 0, need[ways.clamp(min=0)], 10 ** 6)
        need = torch.minimum(need, 1 + after.amin(-1))
    row = ways[state]
    ok = (row >= 0) & (need[row.clamp(min=0)] <= left - 1)
    ok[:, eos] = accepting[state]
    if not ok.any(-1).all():
        raise ValueError("dead end")
    return logits.masked_fill(~ok, -inf)
