"""A view where a reshape is needed: a transposed batch fails."""
import torch
import torch.nn.functional as F


def mlp_part(x, gate_up, down, bias=None):
    dtype = torch.promote_types(x.dtype, torch.float32)
    x, gate_up, down = x.to(dtype), gate_up.to(dtype), down.to(dtype)
    h = down.shape[1]
    lead = x.shape[:-1]
    both = (x.view(-1, x.shape[-1]) @ gate_up.T).view(*lead, 2 * h)
    y = (F.silu(both[..., :h]) * both[..., h:]) @ down.T
    return y if bias is None else y + bias.to(dtype)
