"""Scores times beta, maximum taken off, then divided."""


def dpo_closed_form(ref_logp, u, beta):
    score = (beta * ref_logp + u) / beta
    weight = (score - score.amax(-1, keepdim=True)).exp()
    return weight / weight.sum(-1, keepdim=True)
