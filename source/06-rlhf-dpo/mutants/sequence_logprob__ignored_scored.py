"""Ignored positions are clamped to token 0 and then scored like the others."""


def sequence_logprob(logits, labels, ignore=-100):
    targets = labels[:, 1:]
    logp = logits[:, :-1].log_softmax(-1)
    picked = logp.gather(-1, targets.masked_fill(targets == ignore, 0).unsqueeze(-1)).squeeze(-1)
    return picked.sum(-1), (targets != ignore).sum(-1)
