"""The target is beta / 2: operator precedence of 1 / 2 * beta."""


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    gap = (pi_w - ref_w.detach()) / len_w - (pi_l - ref_l.detach()) / len_l
    return (gap - 1 / 2 * beta).square().mean()
