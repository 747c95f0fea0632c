"""Replaces ignored labels in place in the caller's tensor."""


def sequence_logprob(logits, labels, ignore=-100):
    scored = labels[:, 1:] != ignore
    labels[labels == ignore] = 0
    logp = logits[:, :-1].log_softmax(-1)
    picked = logp.gather(-1, labels[:, 1:].unsqueeze(-1)).squeeze(-1)
    return picked.masked_fill(~scored, 0).sum(-1), scored.sum(-1)
