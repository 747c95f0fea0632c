"""One query head after the other, in plain loops."""
import math

import torch


def decode_layer(x, pos, weights, cache, base=10000.0, window=None):
    k, v = cache
    K, E = k.shape[0], k.shape[2]
    group = weights["q"].shape[0] // E // K
    cut = lambda name, h: weights[name][h * E:(h + 1) * E] @ x

    def turn(row):
        out = row.double()
        for i in range(0, E, 2):
            a, phi = row[i:i + 2].double(), pos * base ** (-i / E)
            out[i:i + 2] = torch.stack([a[0] * math.cos(phi) - a[1] * math.sin(phi), a[0] * math.sin(phi) + a[1] * math.cos(phi)])
        return out.to(x.dtype)

    k = torch.cat([k, torch.stack([turn(cut("k", h)) for h in range(K)])[:, None]], 1)
    v = torch.cat([v, torch.stack([cut("v", h) for h in range(K)])[:, None]], 1)
    if window:
        k, v = k[:, -window:].clone(), v[:, -window:].clone()
    heads = []
    for h in range(K * group):
        p = torch.softmax(k[h // group].double() @ turn(cut("q", h)).double() / math.sqrt(E), 0)
        heads.append((p @ v[h // group].double()).to(x.dtype))
    return weights["out"] @ torch.cat(heads), (k, v)
