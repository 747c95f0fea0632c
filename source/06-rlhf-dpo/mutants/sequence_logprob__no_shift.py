"""No shift: the logits at t are read as predicting token t."""


def sequence_logprob(logits, labels, ignore=-100):
    targets = labels
    scored = targets != ignore
    logp = logits.log_softmax(-1)
    picked = logp.gather(-1, targets.masked_fill(~scored, 0).unsqueeze(-1)).squeeze(-1)
    return picked.masked_fill(~scored, 0).sum(-1), scored.sum(-1)
