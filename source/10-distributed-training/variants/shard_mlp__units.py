"""One hidden unit after the other."""
import numpy as np
import torch
import torch.nn.functional as F


def shard_mlp(gate_up, down, bias, rank, size):
    hidden = down.shape[1]
    units = np.array_split(np.arange(hidden), size)[rank].tolist()
    rows = [gate_up[i] for i in units] + [gate_up[hidden + i] for i in units]
    own = torch.stack(rows) if rows else gate_up.new_zeros(0, gate_up.shape[1])
    cols = torch.stack([down[:, i] for i in units], 1) if units else down.new_zeros(down.shape[0], 0)
    return own, cols, bias if bias is None else bias.clone() if rank == 0 else torch.zeros_like(bias)


def mlp_part(x, gate_up, down, bias=None):
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    x, gate_up, down = x.to(dtype), gate_up.to(dtype), down.to(dtype)
    h = down.shape[1]
    y = (x[..., :1] * 0) @ torch.zeros(1, down.shape[0], dtype=dtype)
    for i in range(h):
        y = y + (F.silu((x * gate_up[i]).sum(-1, keepdim=True)) * (x * gate_up[h + i]).sum(-1, keepdim=True)) * down[:, i]
    if bias is not None:
        y = y + bias.to(dtype)
    return y
