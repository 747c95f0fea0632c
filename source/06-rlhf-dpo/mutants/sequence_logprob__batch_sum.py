"""Sums over the batch too and returns one number."""


def sequence_logprob(logits, labels, ignore=-100):
    targets = labels[:, 1:]
    scored = targets != ignore
    logp = logits[:, :-1].log_softmax(-1)
    picked = logp.gather(-1, targets.masked_fill(~scored, 0).unsqueeze(-1)).squeeze(-1)
    return picked.masked_fill(~scored, 0).sum(), scored.sum()
