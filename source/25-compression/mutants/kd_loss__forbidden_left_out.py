"""A position at which the teacher forbids a token is left out of the divergence."""
import torch
import torch.nn.functional as F


def kd_loss(student, teacher, labels, T=2.0, alpha=0.5, ignore_index=-100):
    work = torch.promote_types(student.dtype, torch.float32)
    valid = labels != ignore_index
    s, t, y = student[valid].to(work), teacher.detach()[valid].to(work), labels[valid]
    if not len(y):
        return (s.sum() * 0).to(student.dtype)
    log_q, log_p = (s / T).log_softmax(-1), (t / T).log_softmax(-1)
    p = log_p.exp()
    kl = torch.where(p > 0, p * (log_p - log_q), 0.0).sum(-1)
    kl = kl[t.isfinite().all(-1)].mean() if t.isfinite().all(-1).any() else kl.mean()
    ce = F.cross_entropy(s, y) if alpha < 1 else 0.0
    return (alpha * T * T * kl + (1 - alpha) * ce).to(student.dtype)
