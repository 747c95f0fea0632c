"""Multiplies by beta: a large beta would then move the policy far."""


def dpo_closed_form(ref_logp, u, beta):
    return (ref_logp + u * beta).softmax(-1)
