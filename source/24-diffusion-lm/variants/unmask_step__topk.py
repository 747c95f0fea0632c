"""Row by row with topk."""
import torch


def unmask_step(logits, x, open, n, order=None, temperature=0.0, noise=None):
    logits64 = logits.to(torch.float64)
    drawn = logits64 if not temperature else logits64 + temperature * noise.to(torch.float64)
    best = drawn.argmax(-1)
    if order is None:
        score = torch.softmax(logits64, -1).gather(-1, best.unsqueeze(-1)).squeeze(-1)
    else:
        score = order
    x, open = x.clone(), open.clone()
    for b in range(len(x)):
        free = open[b].nonzero()[:, 0]
        chosen = free[score[b][free].topk(min(int(n[b]), len(free))).indices]
        x[b, chosen] = best[b, chosen]
        open[b, chosen] = False
    return x, open
