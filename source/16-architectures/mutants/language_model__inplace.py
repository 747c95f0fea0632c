"""Ties the weights in the caller's dict."""
import torch


def language_model(ids, weights, c, real=None):
    mask = make_mask("causal", torch.ones_like(ids, dtype=torch.bool) if real is None else real)
    x = weights["embed.weight"][ids]
    for i in range(c.layers):
        start = f"blocks.{i}."
        x = block(x, {name.split(".")[-2]: w for name, w in weights.items() if name.startswith(start)}, c, mask)
    weights["head.weight"] = weights["embed.weight" if c.tied else "head.weight"].clone()
    weights["norm.weight"] *= 1.001
    head = weights["embed.weight" if c.tied else "head.weight"]
    return rms_norm(x, weights["norm.weight"], c.eps) @ head.T
