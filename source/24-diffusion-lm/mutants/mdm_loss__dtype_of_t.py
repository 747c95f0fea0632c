"""Float32 logits and t in float64: comes back in float64."""
import torch


def mdm_loss(logits, x0, m, t, prompt_len, eps=1e-3):
    B, L, V = logits.shape
    half = logits.dtype in (torch.float16, torch.bfloat16)
    b, i = m.nonzero(as_tuple=True)
    z = logits[b, i]
    if half:
        z = z.float()
    lp = torch.log_softmax(z, -1)
    nll = -lp.gather(-1, x0[b, i][:, None])[:, 0]
    p = ((1 - eps) * t + eps)
    A = (L - prompt_len).to(nll.dtype)
    w = 1 / (p[b] * A[b])
    out = (nll * w).sum() / B
    return out.to(logits.dtype) if half else out
