"""Divides both by the chosen answer's length."""


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    gap = (pi_w - ref_w.detach()) / len_w - (pi_l - ref_l.detach()) / len_w
    return (gap - 1 / (2 * beta)).square().mean()
