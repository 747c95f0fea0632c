"""Every size-th unit: not contiguous pieces."""
import torch
import torch.nn.functional as F


def shard_mlp(gate_up, down, bias, rank, size):
    gate, up = gate_up.chunk(2)
    own = torch.cat([gate[rank::size], up[rank::size]])
    mine = bias.clone() if bias is not None and rank == 0 else None
    return own, down[:, rank::size].clone(), mine


def mlp_part(x, gate_up, down, bias=None):
    wide = torch.promote_types(x.dtype, torch.float32)
    gate, up = (x.to(wide) @ gate_up.to(wide).T).chunk(2, dim=-1)
    y = (F.silu(gate) * up) @ down.to(wide).T
    return y if bias is None else y + bias.to(wide)
