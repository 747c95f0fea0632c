"""Each rank holds its share of the bias."""
import torch
import torch.nn.functional as F


def shard_mlp(gate_up, down, bias, rank, size):
    H = down.shape[1]
    first = H // size * rank + min(rank, H % size)
    units = torch.arange(first, first + H // size + (rank < H % size))
    return gate_up[torch.cat([units, units + H])], down[:, units], None if bias is None else bias / size


def mlp_part(x, gate_up, down, bias=None):
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    x, gate_up, down = x.to(wide), gate_up.to(wide), down.to(wide)
    h = down.shape[1]
    g = F.linear(x, gate_up[:h])
    return F.linear(g * torch.sigmoid(g) * F.linear(x, gate_up[h:]), down, None if bias is None else bias.to(wide))
