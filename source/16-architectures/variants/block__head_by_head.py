"""One head after the other, float64 inside, rounded once."""
import math

import torch


def block(x, w, c, mask, order="pre", cap=None):
    dtype, w, E = x.dtype, {n: a.double() for n, a in w.items()}, c.head_dim
    x = x.double()

    def norm(y, name):
        return rms_norm(y, w[name], c.eps)

    def attend(y):
        total = torch.zeros_like(x)
        for h in range(c.heads):
            g = h * c.kv_heads // c.heads
            q = y @ w["q"][h * E:h * E + E].T
            k, v = (y @ w[n][g * E:g * E + E].T for n in "kv")
            if "k_norm" in w:
                q, k = norm(q, "q_norm"), norm(k, "k_norm")
            s = turned(q[:, None], c.base)[:, 0] @ turned(k[:, None], c.base)[:, 0].transpose(1, 2) / math.sqrt(E)
            if cap:
                s = torch.tanh(s / cap) * cap
            s = s + torch.zeros_like(s).masked_fill_(mask.logical_not(), -torch.inf)
            total = total + (s.softmax(2) @ v) @ w["out"][:, h * E:h * E + E].T
        return total

    def gated(y):
        return swiglu(y, w["gate"], w["up"], w["down"])

    match order:
        case "pre":
            x = x + attend(norm(x, "norm1"))
            x = x + gated(norm(x, "norm2"))
        case "post":
            x = norm(x + attend(x), "norm1")
            x = norm(x + gated(x), "norm2")
        case "parallel":
            y = norm(x, "norm1")
            x = x + attend(y) + gated(y)
        case _:
            raise ValueError(order)
    return x.to(dtype)
