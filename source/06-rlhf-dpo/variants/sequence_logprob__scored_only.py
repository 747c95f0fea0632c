"""Only scored positions are computed; index_add puts them back."""
import torch
def sequence_logprob(logits, labels, ignore=-100):
    b, t = torch.nonzero(labels[:, 1:] != ignore, as_tuple=True)
    lp = logits[b, t].log_softmax(-1)[torch.arange(len(b)), labels[b, t + 1]]
    total = torch.zeros(len(labels), dtype=logits.dtype).index_add(0, b, lp)
    return total, torch.bincount(b, minlength=len(labels))
