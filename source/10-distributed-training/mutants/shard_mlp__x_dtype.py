"""Weights are widened out of half precision only, not to the float64 of x."""
import torch
import torch.nn.functional as F


def mlp_part(x, gate_up, down, bias=None):
    dtype = torch.promote_types(x.dtype, torch.float32)
    x = x.to(dtype)
    gate_up, down = (a.to(dtype) if a.dtype in (torch.float16, torch.bfloat16) and dtype == torch.float32 else a for a in (gate_up, down))
    h = down.shape[1]
    both = x @ gate_up.T
    y = (F.silu(both[..., :h]) * both[..., h:]) @ down.T
    return y if bias is None else y + bias.to(dtype)
