"""Returns log-probabilities."""


def dpo_closed_form(ref_logp, u, beta):
    return (ref_logp + u / beta).log_softmax(-1)
