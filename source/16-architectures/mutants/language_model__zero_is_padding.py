"""Token 0 is taken for padding."""


def language_model(ids, weights, c, real=None):
    mask = make_mask("causal", ids != 0 if real is None else real)
    x = weights["embed.weight"][ids]
    for i in range(c.layers):
        start = f"blocks.{i}."
        x = block(x, {name.split(".")[-2]: w for name, w in weights.items() if name.startswith(start)}, c, mask)
    head = weights["embed.weight" if c.tied else "head.weight"]
    return rms_norm(x, weights["norm.weight"], c.eps) @ head.T
