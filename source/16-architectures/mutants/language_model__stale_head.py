"""A head in the dict is used although the weights are tied."""

def language_model(ids, weights, c, real=None):
    real = torch.ones_like(ids).bool() if real is None else real
    x, mask = weights["embed.weight"][ids], make_mask("causal", real)
    for i in range(c.layers):
        start = f"blocks.{i}."
        w = {n.split(".")[-2]: t for n, t in weights.items() if n.startswith(start)}
        x = block(x, w, c, mask)
    head = weights.get("head.weight", weights["embed.weight"])
    return rms_norm(x, weights["norm.weight"], c.eps) @ head.T
