"""Every rank has the whole bias."""
import torch
import torch.nn.functional as F


def shard_mlp(gate_up, down, bias, rank, size):
    gate, up = gate_up.chunk(2)
    own = torch.cat([torch.tensor_split(gate, size)[rank], torch.tensor_split(up, size)[rank]])
    mine = bias.clone() if bias is not None else None
    return own, torch.tensor_split(down, size, dim=1)[rank].clone(), mine


def mlp_part(x, gate_up, down, bias=None):
    wide = torch.promote_types(x.dtype, torch.float32)
    gate, up = (x.to(wide) @ gate_up.to(wide).T).chunk(2, dim=-1)
    y = (F.silu(gate) * up) @ down.to(wide).T
    return y if bias is None else y + bias.to(wide)
