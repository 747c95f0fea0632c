"""The clean text is overwritten."""
import torch
from torch import Tensor


def forward_mask(x0: Tensor, t: Tensor, u: Tensor,
                 prompt_len: Tensor, mask_id: int,
                 eps: float = 1e-3) -> tuple[Tensor, Tensor]:
    p = (1 - eps) * t + eps
    answer = torch.arange(x0.shape[1], device=x0.device) >= prompt_len[:, None]
    m = answer & (u < p[:, None])
    x0[m] = mask_id
    return x0, m
