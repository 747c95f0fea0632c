"""(2 beta gap - 1)^2 / (2 beta)^2."""
def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    gap = (pi_w - ref_w.detach()) / len_w - (pi_l - ref_l.detach()) / len_l
    return (2 * beta * gap - 1).pow(2).mean() / (2 * beta) ** 2
