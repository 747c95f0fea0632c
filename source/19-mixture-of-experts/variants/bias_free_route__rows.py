"""Row by row with Python's sort."""
import torch


def bias_free_route(scores, bias, k, scale=1.0, n_group=1, topk_group=1, renorm=True):
    size = scores.shape[1] // n_group
    chosen = []
    for row in (scores.detach().double() + bias.double()).tolist():
        groups = [(sum(sorted(row[i:i + size], reverse=True)[:2]), -i // size) for i in range(0, len(row), size)]
        value = [v for v, _ in groups]
        best = sorted(range(n_group), key=lambda i: (-value[i], i))[:topk_group]
        inside = [e for i in sorted(best) for e in range(i * size, i * size + size)]
        chosen.append(sorted(inside, key=lambda e: (-row[e], e))[:k])
    idx = torch.tensor(chosen, dtype=torch.int64).reshape(len(scores), k)
    w = scores.double().gather(1, idx)
    if renorm:
        w = w / w.sum(1, keepdim=True)
    return idx, (scale * w).to(scores.dtype)
