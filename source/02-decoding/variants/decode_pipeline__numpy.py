"""numpy, with Python sets."""
import numpy as np
import torch


def decode_pipeline(logits, T, k, p):
    flat = logits.double().numpy().reshape(-1, logits.shape[-1])
    out = np.zeros_like(flat)
    for row, result in zip(flat, out):
        x = row / T
        w = np.exp(x - x.max())
        kth = sorted(x, reverse=True)[min(k, len(x)) - 1]
        w[x < kth] = 0
        w /= w.sum()
        mass = 0.0
        for i in sorted(range(len(w)), key=lambda i: -w[i]):
            result[i] = w[i]
            mass += w[i]
            if mass >= p and p < 1:
                break
        result /= result.sum()
    return torch.from_numpy(out).reshape(logits.shape).to(logits.dtype)
