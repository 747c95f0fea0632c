"""Uses the summed log-probabilities: the lengths are ignored."""


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    gap = (pi_w - ref_w.detach()) - (pi_l - ref_l.detach())
    return (gap - 1 / (2 * beta)).square().mean()
