"""A masked score becomes a large negative number, not minus infinity."""
import math

import numpy as np
import torch
import torch.nn.functional as F

def block(x, w, c, mask, order="pre", cap=None):
    if order not in ("pre", "post", "parallel"):
        raise ValueError(order)
    Bn, T, D = x.shape

    def attention(h):
        q = (h @ w["q"].T).view(Bn, T, c.heads, c.head_dim).transpose(1, 2)
        k = (h @ w["k"].T).view(Bn, T, c.kv_heads, c.head_dim).transpose(1, 2)
        v = (h @ w["v"].T).view(Bn, T, c.kv_heads, c.head_dim).transpose(1, 2)
        if "q_norm" in w:
            q = rms_norm(q, w["q_norm"], c.eps)
            k = rms_norm(k, w["k_norm"], c.eps)
        q, k = turned(q, c.base), turned(k, c.base)
        k = k.repeat_interleave(c.heads // c.kv_heads, 1)
        v = v.repeat_interleave(c.heads // c.kv_heads, 1)
        s = q @ k.transpose(-1, -2) / math.sqrt(c.head_dim)
        if cap is not None:
            s = cap * torch.tanh(s / cap)
        s = s.masked_fill(~mask[:, None], -1e9)
        return (s.softmax(-1) @ v).transpose(1, 2).reshape(Bn, T, -1) @ w["out"].T

    def mlp(h):
        return swiglu(h, w["gate"], w["up"], w["down"])

    if order == "pre":
        x = x + attention(rms_norm(x, w["norm1"], c.eps))
        return x + mlp(rms_norm(x, w["norm2"], c.eps))
    if order == "post":
        x = rms_norm(x + attention(x), w["norm1"], c.eps)
        return rms_norm(x + mlp(x), w["norm2"], c.eps)
    h = rms_norm(x, w["norm1"], c.eps)
    return x + attention(h) + mlp(h)
