"""index_add along the last axis in float32; repeated argmax."""
import torch


def steer_dims(h, idx, strengths):
    if len(idx) != len(strengths) or len(idx) > len(set(idx)):
        raise ValueError("bad dimensions")
    where = torch.tensor(idx, dtype=torch.long)
    x = h.float()
    return x.index_add(-1, where, x.index_select(-1, where) * torch.tensor(strengths)).to(h.dtype)


def topk_dims(delta, k):
    size, picked = delta.abs().clone(), []
    for _ in range(k):
        picked.append(size.argmax())
        size[picked[-1]] = -1
    return torch.stack(picked)
