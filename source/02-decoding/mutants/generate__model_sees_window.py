"""The model sees the last 64 tokens only."""
import torch


def generate(model, ids, u, T, k, p, r, stop=(), pad=0):
    going = torch.ones(len(ids), dtype=torch.bool)
    text = ids.clone()
    for t in range(u.shape[1]):
        logits = model(text[:, -64:])
        wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
        probs = decode_pipeline(repetition_penalty(text, wide, r), T, k, p)
        new = torch.where(going, sample_inverse_cdf(probs, u[:, t]), pad)
        text = torch.cat([text, new[:, None]], 1)
        going = going & ~torch.isin(new, torch.tensor(list(stop), dtype=torch.long))
        if not going.any():
            break
    return text
