"""Token 0 always stays as a sink, in place of a heavy hitter."""
import torch


def h2o_keep(scores, heavy, recent):
    old = max(len(scores) - recent, 0)
    order = sorted(range(old), key=lambda i: (i != 0, -scores[i].item()))[:heavy]
    return sorted(order) + list(range(old, len(scores)))
