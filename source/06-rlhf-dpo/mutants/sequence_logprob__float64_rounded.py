"""float64 logits are rounded to float32 on the way."""
def sequence_logprob(logits, labels, ignore=-100):
    t = labels[:, 1:]
    mask = t != ignore
    lp = logits[:, :-1].float().log_softmax(-1)
    picked = lp.gather(-1, t.masked_fill(~mask, 0)[..., None])[..., 0].masked_fill(~mask, 0)
    return picked.sum(-1).to(logits.dtype), mask.sum(-1)
