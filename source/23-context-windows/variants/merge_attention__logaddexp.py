"""Folded pair by pair in a wide type."""

from functools import reduce

import torch


def merge_attention(parts):
    if not parts:
        raise ValueError("empty")
    o0, l0 = parts[0]
    kind = torch.float64 if torch.float64 in {o0.dtype, l0.dtype} else torch.float32
    clean = [(torch.where(l.isneginf()[..., None], torch.zeros((), dtype=kind), o.to(kind)), l.to(kind)) for o, l in parts]
    def join(a, b):
        lse = torch.logaddexp(a[1], b[1])
        s = torch.where(lse.isneginf(), torch.zeros_like(lse), lse)
        return (a[0] * (a[1] - s).exp()[..., None] + b[0] * (b[1] - s).exp()[..., None], lse)
    o, l = reduce(join, clean)
    return o.to(o0.dtype).clone(), l.to(l0.dtype).clone()
