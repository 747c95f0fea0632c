"""Multiplied by beta squared, so the minimum is right and the loss is not."""


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    gap = (pi_w - ref_w.detach()) / len_w - (pi_l - ref_l.detach()) / len_l
    return (beta * gap - 0.5).square().mean()
