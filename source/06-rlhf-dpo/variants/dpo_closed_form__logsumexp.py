"""Subtracts log Z in log space."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    score = ref_logp + u / beta
    return torch.exp(score - torch.logsumexp(score, dim=-1, keepdim=True))
