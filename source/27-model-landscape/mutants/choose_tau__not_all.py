"""Sending all up is no candidate."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def cascade(confidence: Float[Tensor, "N"], small_right: Bool[Tensor, "N"], big_right: Bool[Tensor, "N"],
            tau: float,
            cost_small: float, cost_big: float) -> tuple[float, float]:
    up = confidence.double() < tau
    right = torch.where(up, big_right, small_right)
    return cost_small + cost_big * int(up.sum()) / len(up), int(right.sum()) / len(up)


def choose_tau(confidence: Float[Tensor, "N"], small_right: Bool[Tensor, "N"], big_right: Bool[Tensor, "N"],
               cost_small: float, cost_big: float, floor: float, z: float = 0.0) -> float | None:
    n, best = len(confidence), None
    for tau in sorted({-math.inf, *confidence.double().tolist()}):
        cost, quality = cascade(confidence, small_right, big_right, tau, cost_small, cost_big)
        if wilson(round(quality * n), n, z)[0] >= floor and (best is None or (cost, -quality) < best[:2]):
            best = cost, -quality, tau
    return None if best is None else best[2]
