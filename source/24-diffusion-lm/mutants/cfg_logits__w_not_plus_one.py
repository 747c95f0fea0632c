"""w instead of w + 1."""
import math

import torch
from torch import Tensor


def cfg_logits(model, x: Tensor, start: int, mask_id: int, w: float = 0.0) -> Tensor:
    if w == 0:
        return model(x)
    bare = x.clone()
    bare[:, :start] = mask_id
    logits = model(torch.cat([x, bare]))
    c, u = logits.to(torch.promote_types(logits.dtype, torch.float32)).chunk(2)
    return torch.where(c == -math.inf, c, u + w * (c - u)).to(logits.dtype)
