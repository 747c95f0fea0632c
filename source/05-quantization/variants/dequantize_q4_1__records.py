"""A numpy record for each block."""
import numpy as np
import torch


def dequantize_q4_1(raw, rows, cols):
    if cols % 32 or len(raw) != rows * (cols // 32) * 20:
        raise ValueError("size")
    blocks = np.frombuffer(raw, np.dtype([("d", "<f2"), ("m", "<f2"), ("q", "u1", 16)]))
    levels = np.hstack([blocks["q"] & 0xF, blocks["q"] >> 4]).astype(np.float64)
    w = blocks["d"].astype(np.float64)[:, None] * levels + blocks["m"].astype(np.float64)[:, None]
    return torch.tensor(w.astype(np.float32)).reshape(rows, cols)
