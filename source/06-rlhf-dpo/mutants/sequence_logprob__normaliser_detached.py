"""The normaliser is detached: the gradient only pushes the target's logit and forgets the softmax."""


def sequence_logprob(logits, labels, ignore=-100):
    targets = labels[:, 1:]
    scored = targets != ignore
    logp = logits[:, :-1] - logits[:, :-1].logsumexp(-1, keepdim=True).detach()
    picked = logp.gather(-1, targets.masked_fill(~scored, 0).unsqueeze(-1)).squeeze(-1)
    return picked.masked_fill(~scored, 0).sum(-1), scored.sum(-1)
