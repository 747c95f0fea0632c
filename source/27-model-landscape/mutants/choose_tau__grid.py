"""Of more than a hundred confidences only a hundred quantiles are tried."""

import math

import torch


def cascade(confidence, small_right, big_right, tau, cost_small, cost_big):
    up = confidence.double() < tau
    n = len(up)
    k = int(torch.where(up, big_right, small_right).sum())
    return cost_small + int(up.sum()) / n * cost_big, k / n


def choose_tau(confidence, small_right, big_right, cost_small, cost_big, floor, z=0.0):
    n = len(confidence)
    best = None
    for tau in [-math.inf, *(confidence.double().sort()[0].tolist() if n <= 100 else confidence.double().sort()[0][torch.linspace(0, n - 1, 101).long()].tolist()), math.inf]:
        cost, quality = cascade(confidence, small_right, big_right, tau, cost_small, cost_big)
        k = round(quality * n)
        if (wilson(k, n, z)[0] if z else k / n) >= floor:
            key = (cost, -k, tau)
            if best is None or key < best:
                best = key
    return None if best is None else best[2]
