"""Reference and reward are added in half precision."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    d = torch.promote_types(ref_logp.dtype, torch.float32)
    score = (ref_logp + u.to(d).div(beta).to(ref_logp.dtype)).to(d)
    p = torch.softmax(score, -1)
    return p.to(ref_logp.dtype)
