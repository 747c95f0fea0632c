"""DPO's logistic loss on the averaged gap."""
import torch.nn.functional as F


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    gap = (pi_w - ref_w.detach()) / len_w - (pi_l - ref_l.detach()) / len_l
    return -F.logsigmoid(beta * gap).mean()
