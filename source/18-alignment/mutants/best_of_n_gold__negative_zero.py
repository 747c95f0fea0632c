"""Zeros of unlike sign are no tie: proxies are compared as they are printed."""

import math

import torch


def best_of_n_gold(proxy, gold, n):
    M = len(proxy)
    if not 1 <= n <= M:
        raise ValueError(n)
    p, g = proxy.detach().double().tolist(), gold.detach().double().tolist()
    groups = {}
    for a, b in zip(p, g):
        groups.setdefault((a, str(a)), []).append(b)
    total, below, out = math.comb(M, n), 0, 0.0
    for key in sorted(groups):
        here = groups[key]
        ways = math.comb(below + len(here), n) - math.comb(below, n)
        out += ways / total * math.fsum(here) / len(here)
        below += len(here)
    return out


def bon_kl(n):
    return math.log(n) - (n - 1) / n
