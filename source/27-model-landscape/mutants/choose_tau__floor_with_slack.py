"""A share a little below the floor is admitted."""

import math

import torch


def cascade(confidence, small_right, big_right, tau, cost_small, cost_big):
    up = confidence.double() < tau
    right = torch.where(up, big_right, small_right)
    n = confidence.numel()
    return cost_small + cost_big * int(up.sum()) / n, int(right.sum()) / n


def choose_tau(confidence, small_right, big_right, cost_small, cost_big, floor, z=0.0):
    n = confidence.numel()
    best = None
    for tau in sorted({-math.inf, math.inf, *confidence.double().tolist()}):
        up = confidence.double() < tau
        right = int(torch.where(up, big_right, small_right).sum())
        low = right / n if z == 0 else wilson(right, n, z)[0]
        if low < floor - 1e-6:
            continue
        key = (cost_small + cost_big * int(up.sum()) / n, -right, tau)
        if best is None or key < best:
            best = key
    return None if best is None else best[2]
