"""Confidences outside of 0 to 1 are clamped."""
import math

import torch


def ece(conf, correct, bins=10):
    if bins < 1:
        raise ValueError("confidences lie between 0 and 1, and there is at least one bin")
    if len(conf) == 0:
        return math.nan
    c = conf.double().nan_to_num().clamp(0, 1).contiguous()
    edges = torch.arange(1, bins, dtype=torch.float64) / bins
    gap = torch.zeros(bins, dtype=torch.float64)
    gap.index_add_(0, torch.bucketize(c, edges), correct.double() - c)
    return gap.abs().sum().item() / len(c)
