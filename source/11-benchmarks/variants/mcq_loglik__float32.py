"""Sums in float32."""

import numpy as np
import torch


def mcq_loglik(logps, options, norm="none", n_prompt=0):
    if norm not in {"none", "tokens", "bytes"}:
        raise ValueError("no such norm")
    scores = []
    for logp, text in zip(logps, options):
        kept = logp[n_prompt:]
        total = kept.float().sum() if kept.dtype != torch.float64 else kept.sum()
        scores.append(total.item() / (1 if norm == "none" else kept.numel() if norm == "tokens" else len(text.encode())))
    return int(np.argmax(scores))
