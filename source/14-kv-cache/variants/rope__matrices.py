"""One rotation matrix per position."""
import torch


def rope(x, pos, base=10000.0, layout="half"):
    E = x.shape[-1]
    out = torch.zeros_like(x, dtype=torch.promote_types(x.dtype, torch.float32))
    for t, p in enumerate(pos.tolist()):
        R = torch.zeros(E, E, dtype=out.dtype)
        for i in range(E // 2):
            angle = torch.tensor(p * base ** (-2 * i / E), dtype=torch.float64)
            a, b = (i, i + E // 2) if layout == "half" else (2 * i, 2 * i + 1)
            R[a, a] = R[b, b] = angle.cos()
            R[a, b], R[b, a] = -angle.sin(), angle.sin()
        out[:, :, t] = x[:, :, t].to(out.dtype) @ R.T
    return out.to(x.dtype)
