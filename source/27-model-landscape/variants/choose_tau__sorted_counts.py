"""Sorted once, with running counts."""

import math

import torch


def cascade(confidence, small_right, big_right, tau, cost_small, cost_big):
    right = up = 0
    for c, s, b in zip(confidence.tolist(), small_right.tolist(), big_right.tolist()):
        up += c < tau
        right += b if c < tau else s
    return cost_small + cost_big * up / len(confidence), right / len(confidence)


def choose_tau(confidence, small_right, big_right, cost_small, cost_big, floor, z=0.0):
    n = len(confidence)
    order = torch.argsort(confidence.double())
    c = confidence.double()[order].tolist()
    gain = (big_right[order].long() - small_right[order].long()).cumsum(0).tolist()
    base = int(small_right.sum())
    options = [(0, -base, -math.inf)]
    for i in range(1, n + 1):
        if i == n or c[i] > c[i - 1]:
            options.append((i, -(base + gain[i - 1]), c[i] if i < n else math.inf))
    options = [(up if cost_big > 0 else 0, k, tau) for up, k, tau in options if wilson(-k, n, z)[0] >= floor]
    return min(options)[2] if options else None
