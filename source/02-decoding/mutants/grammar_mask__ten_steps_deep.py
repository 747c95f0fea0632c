"""Looks ten steps ahead."""
import torch


def grammar_mask(logits, state, table, accepting, eos, left):
    S, V = table.shape
    far = 10**9
    legal = (table >= 0) & (torch.arange(V) != eos)
    need = torch.where(accepting, 1, far)
    for _ in range(10):
        after = torch.where(legal, need[table.clamp(min=0)], far)
        need = torch.minimum(need, 1 + after.amin(1))
    allowed = torch.where(legal, need[table.clamp(min=0)], far) < left
    allowed[:, eos] = accepting
    if not allowed[state].any(-1).all():
        raise ValueError("a dead end")
    return logits.masked_fill(~allowed[state], -torch.inf)
