"""One pair at a time."""


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    target, total = 1 / (2 * beta), 0.0
    for i in range(len(pi_w)):
        chosen = (pi_w[i] - ref_w[i].item()) / len_w[i].item()
        rejected = (pi_l[i] - ref_l[i].item()) / len_l[i].item()
        total = total + (chosen - rejected - target) ** 2
    return total / len(pi_w)
