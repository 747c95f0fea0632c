"""Every negative label is ignored and no other: `ignore` is not looked at."""


def sequence_logprob(logits, labels, ignore=-100):
    targets = labels[:, 1:]
    scored = targets >= 0
    logp = logits[:, :-1].log_softmax(-1)
    picked = logp.gather(-1, targets.masked_fill(~scored, 0).unsqueeze(-1)).squeeze(-1)
    return picked.masked_fill(~scored, 0).sum(-1), scored.sum(-1)
