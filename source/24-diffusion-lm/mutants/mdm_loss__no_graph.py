"""Nothing masked: a fresh zero that no gradient can reach the logits from."""
import torch


def mdm_loss(logits, x0, m, t, prompt_len, eps=1e-3):
    B, L, V = logits.shape
    half = logits.dtype in (torch.float16, torch.bfloat16)
    b, i = m.nonzero(as_tuple=True)
    if not m.any():
        return torch.zeros((), dtype=logits.dtype)
    z = logits[b, i]
    if half:
        z = z.float()
    lp = torch.log_softmax(z, -1)
    nll = -lp.gather(-1, x0[b, i][:, None])[:, 0]
    p = ((1 - eps) * t + eps).to(nll.dtype)
    A = (L - prompt_len).to(nll.dtype)
    w = 1 / (p[b] * A[b])
    return ((nll * w).sum() / B).to(logits.dtype)
