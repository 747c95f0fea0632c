"""The order from numpy's stable argsort of the negated logits."""
import numpy as np
import torch


def topk_gate(logits, k, renorm=True):
    idx = torch.from_numpy(np.argsort(-logits.detach().double().numpy(), axis=-1, kind="stable")[:, :k].copy())
    w = torch.softmax(logits, -1, dtype=torch.promote_types(logits.dtype, torch.float32)).gather(-1, idx)
    return idx, (w / w.sum(-1, keepdim=True) if renorm else w).to(logits.dtype)
