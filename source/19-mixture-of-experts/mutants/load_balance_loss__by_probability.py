"""chosen by rounded probabilities"""
import math

import numpy as np
import torch
import torch.nn.functional as F


def load_balance_loss(logits, k, mask=None):
    z = logits if logits.dtype == torch.float64 else logits.float()
    if mask is not None:
        z = z[mask]
    E = z.shape[1]
    idx = z.softmax(1).argsort(dim=1, descending=True, stable=True)[:, :k]
    f = torch.bincount(idx.flatten(), minlength=E).to(z.dtype) / len(z)
    P = z.softmax(1).mean(0)
    return (E * (f * P).sum()).to(logits.dtype)
