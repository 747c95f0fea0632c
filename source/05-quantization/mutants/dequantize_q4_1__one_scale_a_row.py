"""The first block of a row gives the scale of all its blocks."""
import numpy as np
import torch


def dequantize_q4_1(raw, rows, cols):
    if cols % 32 or len(raw) != rows * cols // 32 * 20:
        raise ValueError(f"{len(raw)} bytes are no {rows} x {cols} weights in Q4_1")
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, 20)
    d, m = blocks[:, :4].copy().view("<f2").astype(np.float32).T[..., None]
    d, m = (a.reshape(rows, -1)[:, :1].repeat(cols // 32, 1).reshape(-1, 1) for a in (d, m))
    levels = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1)
    return torch.from_numpy(d * levels + m).reshape(rows, cols)
