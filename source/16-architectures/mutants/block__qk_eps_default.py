"""QK-norm with the default eps."""
import math

import torch


def block(x, w, c, mask, order="pre", cap=None):
    B, T, D = x.shape
    E = c.head_dim

    def attend(z):
        q = (z @ w["q"].T).unflatten(-1, (c.heads, E)).transpose(1, 2)
        k = (z @ w["k"].T).unflatten(-1, (c.kv_heads, E)).transpose(1, 2)
        v = (z @ w["v"].T).unflatten(-1, (c.kv_heads, E)).transpose(1, 2)
        if "q_norm" in w:
            q, k = rms_norm(q, w["q_norm"]), rms_norm(k, w["k_norm"])
        q, k = turned(q, c.base), turned(k, c.base)
        k, v = (a.repeat_interleave(c.heads // c.kv_heads, 1) for a in (k, v))
        s = q @ k.mT / math.sqrt(E)
        if cap is not None:
            s = cap * torch.tanh(s / cap)
        p = s.masked_fill(~mask[:, None], -torch.inf).softmax(-1)
        return (p @ v).transpose(1, 2).flatten(2) @ w["out"].T

    def mlp(z):
        return swiglu(z, w["gate"], w["up"], w["down"])

    if order == "pre":
        x = x + attend(rms_norm(x, w["norm1"], c.eps))
        return x + mlp(rms_norm(x, w["norm2"], c.eps))
    if order == "post":
        x = rms_norm(x + attend(x), w["norm1"], c.eps)
        return rms_norm(x + mlp(x), w["norm2"], c.eps)
    if order == "parallel":
        z = rms_norm(x, w["norm1"], c.eps)
        return x + attend(z) + mlp(z)
    raise ValueError(order)
