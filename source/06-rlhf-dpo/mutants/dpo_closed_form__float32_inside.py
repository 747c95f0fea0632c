"""float32 inside, then back to the dtype."""
import torch
def dpo_closed_form(ref_logp, u, beta):
    return torch.softmax(ref_logp.float() + u.float() / beta, -1).to(ref_logp.dtype)
