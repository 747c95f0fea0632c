"""A part is float64 as soon as any argument is."""

import torch
import torch.nn.functional as F


def shard_mlp(gate_up, down, bias, rank, size):
    gate, up = gate_up.chunk(2)
    rows = torch.cat([gate.tensor_split(size)[rank], up.tensor_split(size)[rank]]).clone()
    cols = down.tensor_split(size, dim=1)[rank].clone()
    if bias is not None:
        bias = bias.clone() if rank == 0 else torch.zeros_like(bias)
    return rows, cols, bias


def mlp_part(x, gate_up, down, bias=None):
    kind = torch.float64 if torch.float64 in (x.dtype, gate_up.dtype, down.dtype) else torch.float32
    x, gate_up, down = x.to(kind), gate_up.to(kind), down.to(kind)
    h = gate_up.shape[0] // 2
    gate, up = x @ gate_up[:h].T, x @ gate_up[h:].T
    y = (F.silu(gate) * up) @ down.T
    return y if bias is None else y + bias.to(kind)
