"""Without padding passes positions of shape (T,) and no mask; with padding integers as mask."""
import torch


def generate_cached(model, ids, n, mask=None):
    T = ids.shape[1]
    if mask is None:
        new, cache, at = ids, None, torch.arange(T)
        for i in range(n):
            logits, cache = model(new, at, None, cache)
            new = logits[:, -1].argmax(dim=1).unsqueeze(1)
            ids, at = torch.hstack([ids, new]), torch.tensor([T + i])
        return ids
    lengths = mask.long().sum(1, keepdim=True)
    pos = torch.arange(T)[None] - (T - lengths)
    seen, new, cache = mask.long(), ids, None
    for i in range(n):
        logits, cache = model(new, pos.clamp(min=0), seen, cache)
        new = logits[:, -1].argmax(dim=1).unsqueeze(1)
        ids, pos = torch.hstack([ids, new]), lengths + i
        seen = torch.hstack([seen, torch.ones_like(new)])
    return ids
