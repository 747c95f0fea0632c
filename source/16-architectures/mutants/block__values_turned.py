"""Values are rotated too."""
import math

import torch


def block(x, w, c, mask, order="pre", cap=None):
    def norm(y, name):
        return rms_norm(y, w[name], c.eps)

    def attend(y):
        q, k, v = ((y @ w[name].T).unflatten(-1, (-1, c.head_dim)).transpose(1, 2) for name in ("q", "k", "v"))
        if "q_norm" in w:
            q, k = norm(q, "q_norm"), norm(k, "k_norm")
        q, k, v = (turned(a, c.base) for a in (q, k, v))
        k, v = (a.repeat_interleave(c.heads // c.kv_heads, 1) for a in (k, v))
        scores = q @ k.mT / math.sqrt(c.head_dim)
        if cap is not None:
            scores = cap * torch.tanh(scores / cap)
        weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1)
        return (weights @ v).transpose(1, 2).flatten(2) @ w["out"].T

    def mlp(y):
        return swiglu(y, w["gate"], w["up"], w["down"])

    if order == "pre":
        x = x + attend(norm(x, "norm1"))
        return x + mlp(norm(x, "norm2"))
    if order == "post":
        x = norm(x + attend(x), "norm1")
        return norm(x + mlp(x), "norm2")
    if order == "parallel":
        return x + attend(norm(x, "norm1")) + mlp(norm(x, "norm1"))
    raise ValueError(f"unknown order: {order!r}")
