"""eps is a floor of the level."""
import torch
from torch import Tensor


def forward_mask(x0: Tensor, t: Tensor, u: Tensor,
                 prompt_len: Tensor, mask_id: int,
                 eps: float = 1e-3) -> tuple[Tensor, Tensor]:
    p = t.clamp(min=eps)
    answer = torch.arange(x0.shape[1], device=x0.device) >= prompt_len[:, None]
    m = answer & (u < p[:, None])
    return torch.where(m, mask_id, x0), m
