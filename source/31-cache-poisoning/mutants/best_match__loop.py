"""timed: one entry after the other."""
import torch


def best_match(query, keys, threshold, live=None):
    wide = torch.promote_types(keys.dtype, torch.float32)
    q, best = query.to(wide), None
    for i, key in enumerate(keys.to(wide)):
        if live is not None and not live[i]:
            continue
        length = q.norm() * key.norm()
        cosine = float((key @ q) / length) if length > 0 else 0.0
        if best is None or cosine > best[1]:
            best = i, cosine
    return best if best is not None and best[1] >= threshold else None
