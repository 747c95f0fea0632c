"""All mass on the best answer, as if there were no KL term."""
import torch.nn.functional as F


def dpo_closed_form(ref_logp, u, beta):
    return F.one_hot((ref_logp + u / beta).argmax(-1), u.shape[-1]).to(u.dtype)
