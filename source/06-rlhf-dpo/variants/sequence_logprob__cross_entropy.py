"""F.cross_entropy with its own ignore_index."""
import torch.nn.functional as F


def sequence_logprob(logits, labels, ignore=-100):
    targets = labels[:, 1:]
    nll = F.cross_entropy(logits[:, :-1].transpose(1, 2), targets, ignore_index=ignore, reduction="none")
    return -nll.sum(1), (targets != ignore).sum(1)
