"""Penalises reward: the sign of u is turned."""


def dpo_closed_form(ref_logp, u, beta):
    return (ref_logp - u / beta).softmax(-1)
