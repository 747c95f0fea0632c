"""cross_entropy with ignored targets; torch's own norm."""
import torch
import torch.nn.functional as F


def mtp_loss(h, ids, embed, head, joins, weight=0.3, real=None):
    targets = ids if real is None else ids.masked_fill(~real, -100)
    T, losses, D = ids.shape[1], [], h.shape[-1]
    for k in range(len(joins) + 1):
        if k > 0:
            left = F.rms_norm(h[:, :T - k], (D,), eps=1e-6)
            right = F.rms_norm(F.embedding(ids[:, k:], embed), (D,), eps=1e-6)
            h = F.linear(torch.cat((left, right), dim=2), joins[k - 1])
        wanted = targets[:, k + 1:]
        if (wanted != -100).any():
            losses.append(F.cross_entropy(F.linear(h[:, :T - k - 1], head).transpose(1, 2), wanted))
        else:
            losses.append(h.sum() * 0)
    if not joins:
        return losses[0]
    return losses[0] + weight * torch.stack(losses[1:]).sum() / len(joins)
