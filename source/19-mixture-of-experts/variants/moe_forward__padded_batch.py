"""Buffers of equal size and one batched product."""
import torch


def moe_forward(x, W1, W2, idx, w):
    wide = torch.promote_types(x.dtype, torch.float32)
    (T, k), E = idx.shape, len(W1)
    if T == 0:
        return x.clone()
    flat = idx.reshape(-1)
    hits = torch.nn.functional.one_hot(flat, E)
    slot = (hits.cumsum(0) * hits).sum(-1) - 1
    token = torch.arange(T * k) // k
    buffers = torch.zeros(E, int(slot.max()) + 1, x.shape[1], dtype=wide).index_put((flat, slot), x[token].to(wide))
    out = (buffers @ W1.to(wide)).relu() @ W2.to(wide)
    return (out[flat, slot].view(T, k, -1) * w.to(wide)[..., None]).sum(1).to(x.dtype)
