"""recent = 0 keeps everything: the [-0:] slip."""
import torch


def h2o_keep(scores, heavy, recent):
    n = len(scores)
    last = list(range(n))[-recent:]
    rest = [i for i in range(n) if i not in last]
    return sorted(sorted(rest, key=lambda i: -scores[i].item())[:heavy] + last)
