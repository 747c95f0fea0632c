"""Only rows that still write take a uniform number, from one common stream."""
import torch


def generate(model, ids, u, T, k, p, r, stop=(), pad=0):
    going = torch.ones(len(ids), dtype=torch.bool)
    text = ids.clone()
    stream = iter(u.T.flatten().tolist())
    for t in range(u.shape[1]):
        luck = torch.tensor([next(stream) if g else 0.0 for g in going.tolist()], dtype=u.dtype)
        logits = model(text)
        wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
        probs = decode_pipeline(repetition_penalty(text, wide, r), T, k, p)
        new = torch.where(going, sample_inverse_cdf(probs, luck), pad)
        text = torch.cat([text, new[:, None]], 1)
        going = going & ~torch.isin(new, torch.tensor(list(stop), dtype=torch.long))
        if not going.any():
            break
    return text
