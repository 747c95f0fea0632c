"""Q4_1's form with two float16 would be too large: a float16 scale, rounded first, and q from it."""
import torch


def pack_linear(W, g):
    groups = W.double().unflatten(1, (-1, g))
    low, high = groups.amin(-1).clamp(max=0), groups.amax(-1).clamp(min=0)
    scale = ((high - low) / 15).half()
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    s = scale.double()
    zero = (-low / s).round().clamp(0, 15)
    q = ((groups / s[..., None]).round() + zero[..., None]).clamp(0, 15).flatten(1)
    return {"nibbles": pack_int4((q - 8).to(torch.int8)), "scale": scale, "zero": zero.byte()}
