"""Which states can end within m tokens, for m = 1, 2, …, left - 1."""
import torch


def grammar_mask(logits, state, table, accepting, eos, left):
    ways = table.clone()
    ways[:, eos] = -1
    can = torch.zeros(len(table), dtype=torch.bool)
    for _ in range(left - 1):
        can = accepting | ((ways >= 0) & can[ways.clamp(min=0)]).any(1)
    allowed = (ways >= 0) & can[ways.clamp(min=0)]
    allowed[:, eos] = accepting
    rows = allowed[state]
    if (~rows).all(1).any():
        raise ValueError("dead end")
    return torch.where(rows, logits, -torch.inf)
