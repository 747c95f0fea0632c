"""Live rows are penalised for pad too."""
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
        probs = decode_pipeline(repetition_penalty(torch.cat([out, torch.full((len(out), 1), pad)], 1) if done.any() else out, logits, r), T, k, p)
        new = sample_inverse_cdf(probs, u[:, t])
        new = torch.where(done, pad, new)
        out = torch.cat([out, new[:, None]], 1)
        for s in stop:
            done = done | (~done & (new == s))
    return out
