"""A long trace is cut off at the end instead of dropped."""

import torch
from jaxtyping import Int
from torch import Tensor


def sft_batch(examples: list[tuple[list[int], list[int], list[int]]], max_len: int, open_id: int,
              close_id: int, eos_id: int,
              pad_id: int) -> tuple[Int[Tensor, "N L"], Int[Tensor, "N L"], list[int]]:
    rows = [(i, list(p), [open_id, *t, close_id, *a, eos_id]) for i, (p, t, a) in enumerate(examples)]
    rows = [(i, p, out) for i, p, out in rows ]
    rows = [(i, p[:max_len], out[:max(max_len - len(p), 0)]) for i, p, out in rows]
    longest = max((len(p) + len(out) for _, p, out in rows), default=0)
    ids = torch.full((len(rows), longest), pad_id, dtype=torch.long)
    labels = torch.full((len(rows), longest), -100, dtype=torch.long)
    for r, (_, p, out) in enumerate(rows):
        ids[r, :len(p) + len(out)] = torch.tensor(p + out)
        labels[r, len(p):len(p) + len(out)] = torch.tensor(out)
    return ids, labels, [i for i, _, _ in rows]
