"""The squared norm divided by B."""
def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    e = (pi_w - ref_w.data) / len_w - (pi_l - ref_l.data) / len_l - 1 / (2 * beta)
    return (e @ e) / e.numel()
