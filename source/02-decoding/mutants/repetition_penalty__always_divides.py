"""Negative logits are divided too, which rewards them."""
import torch


def repetition_penalty(ids, logits, r):
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, seen / r)
