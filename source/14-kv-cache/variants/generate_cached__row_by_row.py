"""Row by row without the padding, each with a cache of its own."""
import torch


def generate_cached(model, ids, n, mask=None):
    rows = []
    for b in range(len(ids)):
        real = ids[b] if mask is None else ids[b][mask[b]]
        text, new, cache = real.tolist(), real[None], None
        for _ in range(n):
            pos = torch.arange(len(text) - new.shape[1], len(text))[None]
            logits, cache = model(new, pos, torch.ones(1, len(text), dtype=torch.bool), cache)
            new = logits[:, -1].argmax(-1)[None]
            text.append(new.item())
        rows.append(torch.cat([ids[b], torch.tensor(text[len(real):], dtype=ids.dtype)]))
    return torch.stack(rows)
