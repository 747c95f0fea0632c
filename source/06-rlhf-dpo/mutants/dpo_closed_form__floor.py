"""Lifts -inf to log(1e-9): an answer that the reference cannot give comes alive."""


def dpo_closed_form(ref_logp, u, beta):
    return (ref_logp.clamp(min=-20.7) + u / beta).softmax(-1)
