"""ref * exp(u / beta) without dividing by Z."""


def dpo_closed_form(ref_logp, u, beta):
    return (ref_logp + u / beta).exp()
