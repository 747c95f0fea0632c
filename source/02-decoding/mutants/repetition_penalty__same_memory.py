"""r = 1 hands back the logits themselves."""
import torch


def repetition_penalty(ids, logits, r):
    if r == 1:
        return logits
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    old = wide.gather(-1, ids)
    return wide.scatter(-1, ids, torch.where(old > 0, old / r, old * r)).to(logits.dtype)
