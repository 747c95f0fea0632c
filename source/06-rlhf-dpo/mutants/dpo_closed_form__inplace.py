"""Adds to the caller's reference in place."""


def dpo_closed_form(ref_logp, u, beta):
    ref_logp += u / beta
    return ref_logp.softmax(-1)
