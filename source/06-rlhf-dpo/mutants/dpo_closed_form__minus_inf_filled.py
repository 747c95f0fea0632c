"""-inf becomes -1000, which a large reward can lift."""
import torch
def dpo_closed_form(ref_logp, u, beta):
    dtype, wide = ref_logp.dtype, torch.promote_types(ref_logp.dtype, torch.float32)
    ref_logp, u = ref_logp.to(wide), u.to(wide)
    return torch.softmax(torch.nan_to_num(ref_logp, neginf=-1000.0) + u / beta, -1).to(dtype)
