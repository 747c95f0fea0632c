"""Sums over a mask, filled beforehand."""
import torch


def kd_loss(student, teacher, labels, T=2.0, alpha=0.5, ignore_index=-100):
    keep = labels != ignore_index
    n = max(int(keep.sum()), 1)
    s = torch.where(keep[..., None], student, 0).to(torch.promote_types(student.dtype, torch.float32))
    t = torch.where(keep[..., None], teacher.detach(), 0).to(s.dtype)
    log_q, p = (s / T).log_softmax(-1), (t / T).softmax(-1)
    kl = (torch.special.xlogy(p, p) - p * log_q).sum(-1)
    target = torch.where(keep, labels, 0)[..., None].long()
    ce = -s.log_softmax(-1).gather(-1, target)[..., 0]
    each = alpha * T ** 2 * kl + (1 - alpha) * ce
    return (torch.where(keep, each, 0).sum() / n).to(student.dtype)
