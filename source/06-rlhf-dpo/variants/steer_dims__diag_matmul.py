"""A diagonal matrix; largest again and again."""
import torch
def steer_dims(h, idx, strengths):
    if len(idx) != len(set(idx)) or len(idx) != len(strengths):
        raise ValueError("bad lists")
    d = torch.eye(h.shape[-1], dtype=torch.float64)
    for i, s in zip(idx, strengths):
        d[i, i] = 1 + s
    return (h.double() @ d).to(h.dtype)
def topk_dims(delta, k):
    left, out = delta.abs().double().clone(), []
    for _ in range(k):
        i = int(left.argmax())
        out.append(i)
        left[i] = -1
    return torch.tensor(out, dtype=torch.int64)
