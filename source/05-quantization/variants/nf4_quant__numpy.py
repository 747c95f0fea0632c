"""numpy and a loop over blocks, float64 inside."""
import numpy as np
import torch


def nf4_quant(x, block=64):
    flat, levels = x.double().numpy().ravel(), NF4.double().numpy()
    codes, scales = [], []
    for start in range(0, len(flat), block):
        part = flat[start:start + block]
        top = np.abs(part).max() or 1.0
        scales.append(top)
        codes.append(np.abs(part[:, None] / top - levels).argmin(1))
    codes = torch.from_numpy(np.concatenate(codes).astype(np.uint8)).reshape(x.shape)
    return codes, torch.tensor(scales, dtype=torch.float64 if x.dtype == torch.float64 else torch.float32)
