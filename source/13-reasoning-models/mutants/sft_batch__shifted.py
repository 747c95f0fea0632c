"""Labels are shifted, though the loss shifts."""

import torch
from jaxtyping import Int
from torch import Tensor


def sft_batch(examples: list[tuple[list[int], list[int], list[int]]], max_len: int, open_id: int,
              close_id: int, eos_id: int,
              pad_id: int) -> tuple[Int[Tensor, "N L"], Int[Tensor, "N L"], list[int]]:
    rows = [(i, list(p), [open_id, *t, close_id, *a, eos_id]) for i, (p, t, a) in enumerate(examples)]
    rows = [(i, p, out) for i, p, out in rows if len(p) + len(out) <= max_len]
    longest = max((len(p) + len(out) for _, p, out in rows), default=0)
    ids = torch.full((len(rows), longest), pad_id, dtype=torch.long)
    labels = torch.full((len(rows), longest), -100, dtype=torch.long)
    for r, (_, p, out) in enumerate(rows):
        ids[r, :len(p) + len(out)] = torch.tensor(p + out)
        labels[r, len(p):len(p) + len(out)] = torch.tensor(out)
    if labels.shape[1]:
        labels = torch.cat([labels[:, 1:], torch.full((len(rows), 1), -100)], 1)
    return ids, labels, [i for i, _, _ in rows]
