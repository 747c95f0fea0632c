"""Turns the caller's sums into averages in place."""


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    if pi_w.requires_grad:
        pi_w, pi_l = pi_w.clone(), pi_l.clone()
    pi_w -= ref_w.detach()
    pi_l -= ref_l.detach()
    pi_w /= len_w
    pi_l /= len_l
    return (pi_w - pi_l - 1 / (2 * beta)).square().mean()
