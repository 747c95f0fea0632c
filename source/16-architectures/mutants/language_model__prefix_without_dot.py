"""Layer 1 takes weights of layers 10, 11, …"""
import torch


def language_model(ids, weights, c, real=None):
    mask = make_mask("causal", torch.ones_like(ids, dtype=torch.bool) if real is None else real)
    x = weights["embed.weight"][ids]
    for i in range(c.layers):
        start = f"blocks.{i}"
        x = block(x, {name.split(".")[-2]: w for name, w in weights.items() if name.startswith(start)}, c, mask)
    head = weights["embed.weight" if c.tied else "head.weight"]
    return rms_norm(x, weights["norm.weight"], c.eps) @ head.T
