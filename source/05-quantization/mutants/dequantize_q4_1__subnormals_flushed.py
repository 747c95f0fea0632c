"""Decodes float16 by hand and takes subnormal numbers for 0."""
import numpy as np
import torch


def half(lo, hi):
    bits = lo.astype(np.int64) | hi.astype(np.int64) << 8
    sign, ex, frac = 1 - 2.0 * (bits >> 15), (bits >> 10) & 31, bits & 1023
    return (sign * np.where(ex == 0, 0.0, (1 + frac / 1024) * 2.0 ** (ex - 15.0))).astype(np.float32)


def dequantize_q4_1(raw, rows, cols):
    if cols % 32 or len(raw) != rows * cols // 32 * 20:
        raise ValueError("size")
    b = np.frombuffer(raw, np.uint8).reshape(-1, 20)
    head = np.stack([half(b[:, 0], b[:, 1]), half(b[:, 2], b[:, 3])], 1)
    level = np.concatenate([b[:, 4:] & 15, b[:, 4:] >> 4], 1).astype(np.float32)
    return torch.from_numpy((head[:, :1] * level + head[:, 1:]).reshape(rows, cols))
