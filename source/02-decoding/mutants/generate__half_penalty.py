"""The penalty is worked out in half precision, all that follows in float32."""
import torch


def generate(model, ids, u, T, k, p, r, stop=(), pad=0):
    text, done = ids.clone(), torch.zeros(len(ids), dtype=torch.bool)
    for t in range(u.shape[1]):
        logits = repetition_penalty(text, model(text), r)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        new = sample_inverse_cdf(decode_pipeline(logits, T, k, p), u[:, t])
        text = torch.cat([text, torch.where(done, pad, new)[:, None]], 1)
        done = done | torch.isin(new, torch.tensor(list(stop), dtype=torch.int64))
        if done.all():
            break
    return text
