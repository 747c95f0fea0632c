"""torch.distributions.Categorical normalises logits."""
import torch
def dpo_closed_form(ref_logp, u, beta):
    dtype, wide = ref_logp.dtype, torch.promote_types(ref_logp.dtype, torch.float32)
    ref_logp, u = ref_logp.to(wide), u.to(wide)
    return torch.distributions.Categorical(logits=ref_logp + u / beta, validate_args=False).probs.to(dtype)
