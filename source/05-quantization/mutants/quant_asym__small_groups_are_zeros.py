"""A group of very small weights counts as a group of zeros."""
import math
import struct

import numpy as np
import torch
import torch.nn.functional as F

def quant_asym(W, bits, g):
    up = torch.promote_types(W.dtype, torch.float32)
    w = W.to(up).reshape(W.shape[0], -1, g)
    low, high = w.amin(-1).clamp(max=0), w.amax(-1).clamp(min=0)
    top = 2 ** bits - 1
    scale = (high - low) / top
    scale = torch.where(scale < 1e-12, torch.ones_like(scale), scale)
    zero = (-low / scale).round()
    q = ((w / scale[..., None]).round() + zero[..., None]).clamp(0, top)
    return q.to(torch.uint8).reshape(W.shape), scale, zero.to(torch.uint8)


def dequant_asym(q, scale, zero):
    g = q.shape[1] // scale.shape[1]
    w = (q.reshape(q.shape[0], -1, g).to(scale.dtype) - zero[..., None].to(scale.dtype)) * scale[..., None]
    return w.reshape(q.shape)
