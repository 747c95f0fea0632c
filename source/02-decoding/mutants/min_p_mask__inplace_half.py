"""Only the half-precision path writes into its argument."""
import torch
def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if logits.dtype in (torch.float16, torch.bfloat16):
        x = logits.float()
        return logits.masked_fill_((x - x.amax(-1, keepdim=True)).exp() < p, -torch.inf)
    return logits.masked_fill((logits - logits.amax(-1, keepdim=True)).exp() < p, -torch.inf)
