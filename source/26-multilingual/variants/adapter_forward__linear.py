"""torch.nn.functional, one after the other."""
import torch
import torch.nn.functional as F


def init_adapter(D, m, seed):
    down = torch.empty(m, D).normal_(0, D ** -0.5, generator=torch.Generator().manual_seed(seed))
    return down, torch.zeros(m), torch.zeros(D, m), torch.zeros(D)


def adapter_forward(x, down, down_bias, up, up_bias):
    wide = torch.promote_types(x.dtype, torch.float32)
    x_, down, down_bias, up, up_bias = (t.to(wide) for t in (x, down, down_bias, up, up_bias))
    return (x_ + F.linear(F.relu(F.linear(x_, down, down_bias)), up, up_bias)).to(x.dtype)


def stacked(x, *adapters):
    wide = torch.promote_types(x.dtype, torch.float32)
    out = x.to(wide, copy=True)
    for adapter in adapters:
        out = adapter_forward(out, *adapter)
    return out.to(x.dtype)
