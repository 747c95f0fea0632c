"""Lengths instead of flags; the filler is written at the end."""
import torch


def generate(model, ids, u, T, k, p, r, stop=(), pad=0):
    text, start = ids.clone(), ids.shape[1]
    length = torch.full((len(ids),), -1)
    for t in range(u.shape[1]):
        logits = model(text)
        logits = logits if logits.dtype == torch.float64 else logits.to(torch.float32)
        new = sample_inverse_cdf(decode_pipeline(repetition_penalty(text, logits, r), T, k, p), u[:, t])
        text = torch.hstack([text, new.unsqueeze(1)])
        ends = torch.tensor([i in stop for i in new.tolist()])
        length = torch.where((length < 0) & ends, text.shape[1], length)
        if (length >= 0).all():
            break
    length = torch.where(length < 0, text.shape[1], length)
    filler = torch.arange(text.shape[1]) >= length[:, None]
    return text.masked_fill(filler, pad)
