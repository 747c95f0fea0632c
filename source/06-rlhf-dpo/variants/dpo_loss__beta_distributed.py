"""beta on each of the four terms."""
import torch.nn.functional as F
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    m = beta * pi_w - beta * pi_l - beta * ref_w.detach() + beta * ref_l.detach()
    return (-(1 - label_smoothing) * F.logsigmoid(m) - label_smoothing * F.logsigmoid(-m)).mean(), m
