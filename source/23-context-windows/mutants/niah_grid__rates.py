"""Rates, not counts."""
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Int
from torch import Tensor


def niah_grid(
    filler: Sequence[int],
    needles: Sequence[Sequence[int]],
    lengths: Sequence[int],
    depths: Sequence[float],
    ask: Callable[[list[int], int], bool],
) -> Int[Tensor, "L D"]:
    found = [[sum(bool(ask(haystack(filler, needle, length, depth), k)) for k, needle in enumerate(needles))
              for depth in depths] for length in lengths]
    return torch.tensor(found) / max(1, len(needles)).reshape(len(lengths), len(depths))
