"""Divides the difference of the sums by the total length."""


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    gap = ((pi_w - ref_w.detach()) - (pi_l - ref_l.detach())) / (len_w + len_l)
    return (gap - 1 / (2 * beta)).square().mean()
