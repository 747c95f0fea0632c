"""Finished rows leave the batch."""
import torch


def generate(model, ids, u, T, k, p, r, stop=(), pad=0):
    rows = ids.tolist()
    live = list(range(len(rows)))
    for t in range(u.shape[1]):
        if not live:
            break
        now = torch.tensor([rows[b] for b in live])
        logits = model(now)
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        new = sample_inverse_cdf(decode_pipeline(repetition_penalty(now, logits, r), T, k, p), u[live, t]).tolist()
        for b, i in zip(live, new):
            rows[b].append(i)
        live = [b for b, i in zip(live, new) if i not in stop]
    longest = max(map(len, rows))
    return torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
