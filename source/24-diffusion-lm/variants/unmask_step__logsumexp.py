"""Ranks by log1p of the others, sorted in Python."""
import torch


def unmask_step(logits, x, open, n, order=None, temperature=0.0, noise=None):
    rows, left = x.tolist(), open.tolist()
    for b in range(len(rows)):
        free = [i for i, o in enumerate(left[b]) if o]
        chosen, score = {}, {}
        for i in free:
            row = logits[b, i].double()
            heard = row + temperature * noise[b, i].double() if temperature else row
            chosen[i] = int(heard.argmax())
            score[i] = float(order[b, i]) if order is not None else float(1 / (row - row[chosen[i]]).exp().sum())
        for i in sorted(free, key=score.get, reverse=True)[:int(n[b])]:
            rows[b][i], left[b][i] = chosen[i], False
    return torch.tensor(rows).reshape(x.shape), torch.tensor(left, dtype=torch.bool).reshape(open.shape)
