"""All above 0.5 are committed."""
import math

import torch
from torch import Tensor


def unmask_step(logits: Tensor, x: Tensor, open: Tensor, n: Tensor,
                order: Tensor | None = None, temperature: float = 0.0,
                noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
    wide = logits.double()
    tokens = (wide if temperature == 0 else wide + temperature * noise.double()).argmax(-1)
    rank = wide.softmax(-1).gather(-1, tokens[..., None])[..., 0] if order is None else order.double()
    rank = rank.masked_fill(~open, -math.inf)
    place = rank.argsort(dim=-1, descending=True).argsort(dim=-1)
    now = open & (rank > 0.5) & (n[:, None] > 0)
    return torch.where(now, tokens, x), open & ~now
