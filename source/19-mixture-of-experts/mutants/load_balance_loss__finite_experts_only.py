"""E counts only experts that are on"""
import math

import numpy as np
import torch
import torch.nn.functional as F


def load_balance_loss(logits, k, mask=None):
    z = logits if logits.dtype == torch.float64 else logits.float()
    if mask is not None:
        z = z[mask]
    E = z.shape[1]
    on = int(z.isfinite().any(0).sum())
    idx = z.argsort(dim=1, descending=True, stable=True)[:, :k]
    f = torch.bincount(idx.flatten(), minlength=E).to(z.dtype) / len(z)
    P = z.softmax(1).mean(0)
    return (on * (f * P).sum()).to(logits.dtype)
