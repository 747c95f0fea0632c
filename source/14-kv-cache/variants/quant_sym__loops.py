"""Loops over rows and groups, Python's round."""
import torch


def quant_sym(x, bits, mode="tensor", g=None):
    out, columns = x.shape
    size = {"tensor": columns, "channel": columns, "group": g}[mode]
    top = 2 ** (bits - 1) - 1
    q = torch.zeros(out, columns, dtype=torch.int8)
    scales = torch.ones(out, columns // size)
    whole = x.abs().max().item()
    for r in range(out):
        for c in range(columns // size):
            part = x[r, c * size:(c + 1) * size].tolist()
            amax = whole if mode == "tensor" else max(abs(p) for p in part)
            step = amax / top if amax > 0 else 1.0
            scales[r, c] = step
            q[r, c * size:(c + 1) * size] = torch.tensor([max(-top - 1, min(top, round(p / step))) for p in part])
    if mode == "tensor":
        return q, scales[0, 0]
    return q, scales[:, 0] if mode == "channel" else scales
