"""A group is scored by the sum of all its experts."""
import torch


def bias_free_route(scores, bias, k, scale=1.0, n_group=1, topk_group=1, renorm=True):
    T, E = scores.shape
    choice = (scores + bias).detach()
    groups = choice.reshape(T, n_group, E // n_group)
    value = groups.sum(-1)
    kept = value.sort(dim=-1, descending=True, stable=True).indices[:, :topk_group]
    out = torch.ones_like(value, dtype=torch.bool).scatter(1, kept, False)
    choice = groups.masked_fill(out[..., None], -torch.inf).reshape(T, E)
    idx = choice.sort(dim=-1, descending=True, stable=True).indices[:, :k]
    w = scores.to(torch.promote_types(scores.dtype, torch.float32)).gather(-1, idx)
    if renorm:
        w = w / w.sum(-1, keepdim=True)
    return idx, (w * scale).to(scores.dtype)
