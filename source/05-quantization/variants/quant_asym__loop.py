"""A loop over groups for quantising; numpy on the way back."""
import numpy as np
import torch


def quant_asym(W, bits, g):
    kind = torch.float64 if W.dtype == torch.float64 else torch.float32
    q, scales, zeros = torch.empty(W.shape, dtype=torch.uint8), [], []
    for start in range(0, W.shape[1], g):
        w = W[:, start:start + g].to(kind)
        low, high = torch.minimum(w.amin(1), torch.zeros(())), torch.maximum(w.amax(1), torch.zeros(()))
        scale = torch.where(high > low, (high - low) / (2 ** bits - 1), torch.ones((), dtype=kind))
        zero = torch.round(-low / scale)
        q[:, start:start + g] = torch.clamp(torch.round(w / scale[:, None]) + zero[:, None], 0, 2 ** bits - 1).byte()
        scales.append(scale)
        zeros.append(zero.byte())
    return q, torch.stack(scales, 1).to(kind), torch.stack(zeros, 1)


def dequant_asym(q, scale, zero):
    rows, groups = scale.shape
    steps = q.numpy().reshape(rows, groups, -1).astype(np.int16) - zero.numpy()[..., None].astype(np.int16)
    return torch.from_numpy(steps * scale.numpy()[..., None]).reshape(q.shape).to(scale.dtype)
