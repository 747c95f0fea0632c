"""Names written out, torch's own embedding and norm."""
import torch
import torch.nn.functional as F


def language_model(ids, weights, c, real=None):
    if real is None:
        real = torch.full(ids.shape, True)
    mask, x = make_mask("causal", real), F.embedding(ids, weights["embed.weight"])
    for i in range(c.layers):
        w = {name: weights[f"blocks.{i}.attention.{name}.weight"] for name in ("q", "k", "v", "out")}
        w |= {name: weights[f"blocks.{i}.mlp.{name}.weight"] for name in ("gate", "up", "down")}
        w |= {name: weights[f"blocks.{i}.{name}.weight"] for name in ("norm1", "norm2")}
        x = block(x, w, c, mask, order="pre", cap=None)
    x = F.rms_norm(x, (c.width,), weights["norm.weight"], c.eps)
    return F.linear(x, weights["embed.weight"] if c.tied else weights["head.weight"])
