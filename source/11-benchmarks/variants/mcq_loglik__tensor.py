"""Scores in one tensor, argmax of equals by hand."""

import torch


def mcq_loglik(logps, options, norm="none", n_prompt=0):
    sizes = {"none": lambda p, t: 1, "tokens": lambda p, t: len(p) - n_prompt, "bytes": lambda p, t: len(bytes(t, "utf-8"))}
    if norm not in sizes:
        raise ValueError("no such norm")
    scores = torch.tensor([float(p[n_prompt:].to(torch.float64).sum()) / sizes[norm](p, t) for p, t in zip(logps, options)],
                          dtype=torch.float64)
    return int((scores == scores.max()).nonzero()[0, 0])
