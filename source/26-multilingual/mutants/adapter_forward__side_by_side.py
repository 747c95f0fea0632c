"""The adapters stand side by side, all on x."""
import torch


def stacked(x, *adapters):
    h = x.double() if x.dtype == torch.float64 else x.float()
    for down, down_bias, up, up_bias in adapters:
        inner = (x.to(h.dtype) @ down.to(h.dtype).T + down_bias.to(h.dtype)).relu()
        h = h + inner @ up.to(h.dtype).T + up_bias.to(h.dtype)
    return h.clone().to(x.dtype)
