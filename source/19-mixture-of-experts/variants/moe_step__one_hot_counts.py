"""Counts from one-hot rows; the shared expert as einsum."""
import torch


def moe_layer(x, router, bias, w1, w2, shared1, shared2, k, scale=1.0):
    scores = torch.sigmoid(torch.einsum("td,ed->te", x, router))
    idx, w = bias_free_route(scores, bias, k, scale=scale)
    routed = moe_forward(x, w1, w2, idx, w)
    always = torch.einsum("ts,sd->td", torch.einsum("td,ds->ts", x, shared1).clamp(min=0), shared2)
    counts = torch.zeros(router.shape[0], dtype=torch.int64)
    counts.scatter_add_(0, idx.reshape(-1), torch.ones(idx.numel(), dtype=torch.int64))
    return always + routed, counts
