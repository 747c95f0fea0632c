"""No function of the section: numpy, row by row."""
import numpy as np
import torch


def generate(model, ids, u, T, k, p, r, stop=(), pad=0):
    texts, luck, ended = ids.tolist(), u.double().numpy(), [False] * len(ids)
    for t in range(luck.shape[1]):
        logits = model(torch.tensor(texts)).double().numpy()
        for b, x in enumerate(logits):
            if ended[b]:
                texts[b].append(pad)
                continue
            for i in set(texts[b]):
                x[i] = x[i] / r if x[i] > 0 else x[i] * r
            x = x / T
            x[x < np.sort(x)[-min(k, len(x))]] = -np.inf
            q = np.exp(x - x.max())
            q /= q.sum()
            if p < 1:
                order = np.argsort(-q)
                before = np.cumsum(q[order]) - q[order]
                cut = order[before >= p]
                if p == 0:
                    cut = order[1:]
                q[cut] = 0
                q /= q.sum()
            hits = np.flatnonzero(np.cumsum(q) > luck[b, t])
            token = int(hits[0]) if len(hits) else int(np.flatnonzero(q)[-1])
            texts[b].append(token)
            ended[b] = token in stop
        if all(ended):
            break
    return torch.tensor(texts)
