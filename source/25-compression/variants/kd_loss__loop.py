"""A loop over valid positions."""
import torch
import torch.nn.functional as F


def kd_loss(student, teacher, labels, T=2.0, alpha=0.5, ignore_index=-100):
    wide = torch.float64
    rows = [(b, i) for b in range(labels.shape[0]) for i in range(labels.shape[1]) if labels[b, i] != ignore_index]
    total = torch.zeros((), dtype=wide)
    for b, i in rows:
        s, t = student[b, i].to(wide), teacher[b, i].detach().to(wide)
        p, q = F.softmax(t / T, 0), F.log_softmax(s / T, 0)
        some = p > 0
        total = total + alpha * T * T * (p[some] * (p[some].log() - q[some])).sum()
        total = total - (1 - alpha) * F.log_softmax(s, 0)[labels[b, i]]
    return (total / max(len(rows), 1)).to(student.dtype)
