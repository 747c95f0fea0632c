"""A full block of filler, written column by column and cut at the end."""
import torch


def generate(model, ids, u, T, k, p, r, stop=(), pad=0):
    (B, P), N = ids.shape, u.shape[1]
    out = torch.full((B, P + N), pad, dtype=torch.int64)
    out[:, :P] = ids
    done, end = torch.zeros(B, dtype=torch.bool), P
    while end < P + N and not bool(done.all()):
        logits = model(out[:, :end].clone()).double()
        probs = decode_pipeline(repetition_penalty(out[:, :end], logits, r), T, k, p)
        drawn = sample_inverse_cdf(probs, u[:, end - P])
        out[~done, end] = drawn[~done]
        for s in set(stop):
            done |= drawn == s
        end += 1
    return out[:, :end].clone()
