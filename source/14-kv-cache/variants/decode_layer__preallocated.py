"""Fills a new tensor of the final length instead of concatenating; returns a list."""
import torch


def decode_layer(x, pos, weights, cache, base=10000.0, window=None):
    K, S, E = cache[0].shape
    heads = {name: torch.mv(weights[name], x).reshape(-1, E) for name in ("q", "k", "v")}
    for name in ("q", "k"):
        heads[name] = rope(heads[name].reshape(1, -1, 1, E), torch.tensor([pos]), base, "interleaved").reshape(-1, E)
    kept = S if window is None else min(S, window - 1)
    full = []
    for old, new in zip(cache, (heads["k"], heads["v"])):
        both = torch.empty(K, kept + 1, E, dtype=x.dtype)
        both[:, :kept] = old[:, S - kept:]
        both[:, kept] = new
        full.append(both)
    return torch.mv(weights["out"], attention_decode(heads["q"], *full).reshape(-1)), full
