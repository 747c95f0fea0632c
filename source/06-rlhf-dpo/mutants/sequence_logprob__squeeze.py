"""squeeze() without an axis: B = 1 or a single target loses its axis."""
import torch
def sequence_logprob(logits, labels, ignore=-100):
    t = labels[:, 1:]
    mask = t != ignore
    lp = logits[:, :-1].log_softmax(-1)
    picked = lp.gather(-1, t.masked_fill(~mask, 0)[..., None]).squeeze()
    return torch.where(mask, picked, 0.0).sum(-1), mask.sum(-1)
