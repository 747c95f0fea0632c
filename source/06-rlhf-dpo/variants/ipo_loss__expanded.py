"""The square written out."""
import torch


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    score_w = (pi_w - ref_w.detach()).div(len_w)
    score_l = (pi_l - ref_l.detach()).div(len_l)
    gap = score_w - score_l
    miss = gap.mul(2 * beta).sub(1).div(2 * beta)
    return torch.mean(miss * miss)
