"""Ties the weights in the caller's dict."""
import torch


def language_model(ids, weights, c, real=None):
    mask = make_mask("causal", torch.ones_like(ids, dtype=torch.bool) if real is None else real)
    x = weights["embed.weight"][ids]
    for i in range(c.layers):
        start = f"blocks.{i}."
        x = block(x, {name.split(".")[-2]: w for name, w in weights.items() if name.startswith(start)}, c, mask)
    if c.tied:
        weights["head.weight"] = weights["embed.weight"]
    return rms_norm(x, weights["norm.weight"], c.eps) @ weights["head.weight"].T
