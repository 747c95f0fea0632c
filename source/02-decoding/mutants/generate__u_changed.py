"""The uniform numbers are used up: 0 is written in their place."""
import torch


def generate(model, ids, u, T, k, p, r, stop=(), pad=0):
    out = ids.clone()
    done = torch.zeros(len(ids), dtype=torch.bool)
    for t in range(u.shape[1]):
        if done.all():
            break
        logits = model(out)
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        probs = decode_pipeline(repetition_penalty(out, logits, r), T, k, p)
        new = sample_inverse_cdf(probs, u[:, t])
        u[:, t] = 0
        new = torch.where(done, pad, new)
        out = torch.cat([out, new[:, None]], 1)
        for s in stop:
            done = done | (~done & (new == s))
    return out
