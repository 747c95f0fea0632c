"""As in transformers: rounded before the weight."""
import torch


def rms_norm(x, weight, eps=1e-5):
    wide = x.to(torch.float32) if x.dtype != torch.float64 else x
    variance = wide.pow(2).mean(-1, keepdim=True)
    return weight * (wide * torch.rsqrt(variance + eps)).to(x.dtype)


def swiglu(x, gate, up, down):
    both = x @ torch.cat([gate, up]).T
    g, u = both.chunk(2, -1)
    return (g * torch.sigmoid(g) * u) @ down.T
