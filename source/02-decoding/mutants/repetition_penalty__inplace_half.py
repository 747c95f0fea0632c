"""Half precision in place."""
import torch
def repetition_penalty(ids, logits, r):
    s = logits.gather(1, ids)
    new = torch.where(s > 0, s / r, s * r)
    return logits.scatter_(1, ids, new) if logits.dtype in (torch.float16, torch.bfloat16) else logits.scatter(1, ids, new)
