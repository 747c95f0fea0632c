"""Unit vectors for the angle."""

import torch


def slerp(a, b, t):
    if t < 0 or t > 1:
        raise ValueError
    x, y = a.double().flatten(), b.double().flatten()
    nx, ny = torch.linalg.vector_norm(x), torch.linalg.vector_norm(y)
    if nx == 0 or ny == 0 or abs(cos := float((x / nx) @ (y / ny))) > 0.9995:
        out = torch.lerp(x, y, t)
    else:
        w = torch.arccos(torch.tensor(cos, dtype=torch.float64))
        out = (torch.sin((1 - t) * w) * x + torch.sin(t * w) * y) / torch.sin(w)
    return out.reshape(a.shape).to(a.dtype)
