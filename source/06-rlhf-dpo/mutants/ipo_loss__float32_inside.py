"""float64 goes through float32."""
def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    gap = (pi_w - ref_w.detach()).float() / len_w - (pi_l - ref_l.detach()).float() / len_l
    return ((gap - 1 / (2 * beta)) ** 2).mean().to(pi_w.dtype)
