"""Sums raw logits: not normalised, so no log-probability."""


def sequence_logprob(logits, labels, ignore=-100):
    targets = labels[:, 1:]
    scored = targets != ignore
    logp = logits[:, :-1]
    picked = logp.gather(-1, targets.masked_fill(~scored, 0).unsqueeze(-1)).squeeze(-1)
    return picked.masked_fill(~scored, 0).sum(-1), scored.sum(-1)
