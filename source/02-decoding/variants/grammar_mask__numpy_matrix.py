"""A matrix of which state leads to which, multiplied until the tokens are used up."""
import numpy as np
import torch


def grammar_mask(logits, state, table, accepting, eos, left):
    ways, S = table.numpy().copy(), len(table)
    ways[:, eos] = -1
    edge = np.zeros((S, S), dtype=bool)
    for q, n in zip(*np.nonzero(ways >= 0)):
        edge[q, ways[q, n]] = True
    ends = accepting.numpy()
    can = np.zeros(S, dtype=bool)
    for _ in range(min(left - 1, S)):
        can = ends | (edge @ can)
    ok = np.where(ways >= 0, can[np.maximum(ways, 0)], False)
    ok[:, eos] = ends
    ok = torch.from_numpy(ok[state.numpy()])
    if not ok.any(1).all():
        raise ValueError("dead end")
    return logits + torch.zeros(ok.shape, dtype=logits.dtype).masked_fill(~ok, -torch.inf)
