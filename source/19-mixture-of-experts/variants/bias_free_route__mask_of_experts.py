"""A mask of experts and torch.where; weights by take_along_dim."""
import torch


def bias_free_route(scores, bias, k, scale=1.0, n_group=1, topk_group=1, renorm=True):
    with torch.no_grad():
        s = scores + bias
        size = s.shape[1] // n_group
        top2 = s.unflatten(1, (n_group, size)).sort(-1, descending=True).values[..., :2].sum(-1)
        rank = torch.argsort(torch.argsort(top2, dim=1, descending=True, stable=True), dim=1)
        allowed = (rank < topk_group).repeat_interleave(size, 1)
        s = torch.where(allowed, s, torch.tensor(-torch.inf, dtype=s.dtype))
        idx = torch.argsort(s, dim=1, descending=True, stable=True)[:, :k]
    w = torch.take_along_dim(scores if scores.dtype == torch.float64 else scores.float(), idx, 1)
    total = w.sum(1, keepdim=True) if renorm else 1.0
    return idx, (w / total * scale).to(scores.dtype)
