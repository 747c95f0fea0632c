"""Symmetric rounding of a matrix to a few bits, where another section has asked for it: exercise 14.8, given.

    q, scale = quant_sym(W, 4, "group", 64)     # W ≈ scale * q: int8 numbers, a scale for each run of 64 in a row
    rtn(W, 4, "group", 64)                      # the matrix that they stand for, of W's shape
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int8
from torch import Tensor


def quant_sym(W: Float[Tensor, "out in"], bits: int, mode: str = "channel",
              g: int | None = None) -> tuple[Int8[Tensor, "out in"], Float[Tensor, "..."]]:
    """(q int8, scale) with W ≈ scale * q and scale = amax / (2 ** (bits - 1) - 1), 1 where all is zero.

    mode:  who shares a scale: "tensor" all (scale ()), "channel" a row (scale (out,)), "group" a run of g neighbours in a
           row (scale (out, in / g)); g divides in
    The scale is float32, or float64 for a float64 W. A number halfway between two goes to the even one.
    """
    shape = {"tensor": (), "channel": (W.shape[0],), "group": (W.shape[0], -1)}[mode]
    rows = W.to(torch.promote_types(W.dtype, torch.float32)).reshape(
        {"tensor": (1, -1), "channel": W.shape, "group": (-1, g or 1)}[mode])  # one row per scale
    top = 2 ** (bits - 1) - 1
    scale = rows.abs().amax(1, keepdim=True) / top
    scale = torch.where(scale == 0, 1, scale)
    q = (rows / scale).round().clamp(-top - 1, top)
    return q.to(torch.int8).reshape(W.shape), scale.reshape(shape)


def rtn(W: Float[Tensor, "out in"], bits: int, mode: str = "channel", g: int | None = None) -> Float[Tensor, "out in"]:
    """Round to nearest: W after `quant_sym` and back, in float32 (float64 for float64)."""
    q, scale = quant_sym(W, bits, mode, g)
    run = {"tensor": W.numel(), "channel": W.shape[1], "group": g}[mode]  # numbers that share a scale
    return (q.reshape(-1, run) * scale.reshape(-1, 1)).reshape(W.shape)
