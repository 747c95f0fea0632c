"""Lengths as float32: float64 stays, half is promoted to float32."""
def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    gap = (pi_w - ref_w.detach()) / len_w.float() - (pi_l - ref_l.detach()) / len_l.float()
    return ((gap - 1 / (2 * beta)) ** 2).mean()
