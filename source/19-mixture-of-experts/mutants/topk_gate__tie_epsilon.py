"""ties broken by a small number per index"""
import math

import numpy as np
import torch
import torch.nn.functional as F


def topk_gate(logits, k, renorm=True):
    z = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    idx = (z - 1e-5 * torch.arange(z.shape[1])).argsort(dim=-1, descending=True, stable=True)[:, :k]
    w = z.softmax(-1).gather(1, idx)
    if renorm:
        w = w / w.sum(-1, keepdim=True)
    return idx, w.to(logits.dtype)
