"""nan_to_num turns an impossible token into a finite logit."""
import torch
def repetition_penalty(ids, logits, r):
    s = torch.nan_to_num(logits.gather(1, ids))
    return logits.scatter(1, ids, torch.where(s > 0, s / r, s * r))
