"""The last rank holds the bias, the others zeros."""
import torch
import torch.nn.functional as F


def shard_mlp(gate_up, down, bias, rank, size):
    width, H = down.shape
    fused = gate_up.reshape(2, H, width)
    own = torch.tensor_split(fused, size, dim=1)[rank].reshape(-1, width)
    mine = None if bias is None else bias.clone() if rank == size - 1 else torch.zeros_like(bias)
    return own.clone(), torch.tensor_split(down, size, 1)[rank].clone(), mine


def mlp_part(x, gate_up, down, bias=None):
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    x, gate_up, down, bias = (a if a is None else a.to(wide) for a in (x, gate_up, down, bias))
    h = gate_up.shape[0] // 2
    both = torch.einsum("...d,hd->...h", x, gate_up)
    y = torch.einsum("...h,dh->...d", F.silu(both[..., :h]) * both[..., h:], down)
    return y if bias is None else y + bias
