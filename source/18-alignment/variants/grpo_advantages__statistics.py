"""Plain Python and the statistics module."""

import torch


def grpo_advantages(rewards, G, scale='group', eps=0.0001):
    import statistics
    values = rewards.tolist()
    if scale not in ('group', 'batch', 'none') or len(values) % G:
        raise ValueError('scale or length')
    judged = [v for v in values if v == v]
    out = []
    for i in range(0, len(values), G):
        group = values[i:i + G]
        here = [v for v in group if v == v]
        if len(set(here)) < 2:
            out += [0.0] * G
            continue
        m = statistics.fmean(here)
        d = 1.0
        if scale != 'none':
            d = statistics.stdev(here if scale == 'group' else judged) + eps
        out += [(v - m) / d if v == v else 0.0 for v in group]
    return torch.tensor(out, dtype=rewards.dtype)
