"""Replaces logits of -inf by 0 against NaN."""


def sequence_logprob(logits, labels, ignore=-100):
    logits = logits.masked_fill(logits == float("-inf"), 0.0)
    targets = labels[:, 1:]
    scored = targets != ignore
    logp = logits[:, :-1].log_softmax(-1)
    picked = logp.gather(-1, targets.masked_fill(~scored, 0).unsqueeze(-1)).squeeze(-1)
    return picked.masked_fill(~scored, 0).sum(-1), scored.sum(-1)
