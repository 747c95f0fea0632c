"""q and zero go through int8, which ends at 127."""
import torch


def dequant_asym(q, scale, zero):
    groups = q.reshape(*scale.shape, -1)
    steps = (groups.to(torch.int8).to(scale.dtype) - zero.to(torch.int8)[..., None].to(scale.dtype))
    return (steps * scale[..., None]).reshape(q.shape)
