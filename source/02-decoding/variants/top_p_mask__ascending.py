"""Ascending order, as transformers does: cut while the tail weighs at most 1 - p. In float64."""
import torch
from torch import inf


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    if p == 1:
        return logits.clone()

    ordered, order = logits.double().sort(-1)
    cut = ordered.softmax(-1).cumsum(-1) <= 1 - p
    cut[:, -1] = False
    out = logits.clone()
    out[torch.zeros_like(cut).scatter(-1, order, cut)] = -inf
    return out
