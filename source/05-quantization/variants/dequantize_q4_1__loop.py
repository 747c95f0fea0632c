"""struct and a loop over blocks."""
import struct
import torch


def dequantize_q4_1(raw, rows, cols):
    if cols % 32 or len(raw) * 32 != rows * cols * 20:
        raise ValueError("size")
    out = []
    for start in range(0, len(raw), 20):
        d, m = struct.unpack("<ee", raw[start:start + 4])
        nibbles = raw[start + 4:start + 20]
        out += [d * (b & 15) + m for b in nibbles] + [d * (b >> 4) + m for b in nibbles]
    return torch.tensor(out, dtype=torch.float32).reshape(rows, cols)
