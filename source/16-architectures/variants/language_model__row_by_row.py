"""Every row of the batch alone and without its padding, then put back."""
import torch


def language_model(ids, weights, c, real=None):
    rows = []
    layers = [{} for _ in range(c.layers)]
    for name, w in weights.items():
        parts = name.split(".")
        if parts[0] == "blocks" and int(parts[1]) < c.layers:
            layers[int(parts[1])][parts[-2]] = w
    head = weights["embed.weight"] if c.tied else weights["head.weight"]
    for b in range(ids.shape[0]):
        keep = torch.ones_like(ids[b]).bool() if real is None else real[b]
        x = weights["embed.weight"][ids[b][keep]][None]
        mask = make_mask("causal", torch.ones(1, x.shape[1], dtype=torch.bool))
        for layer in layers:
            x = block(x, layer, c, mask)
        logits = torch.zeros(ids.shape[1], head.shape[0], dtype=x.dtype)
        logits[keep] = (rms_norm(x, weights["norm.weight"], c.eps) @ head.T)[0]
        rows.append(logits)
    return torch.stack(rows)
