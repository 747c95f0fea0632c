"""torch's SGD, and kd_loss over one long sequence."""
import torch
import torch.nn.functional as F

from course.models.rounding import quant_sym


def compress(W1, W2, X, budget, bits=4, steps=50, lr=0.5, T=2.0):
    fits = [(h, -(-h * W1.shape[1] * bits // 8) + -(-h * W2.shape[0] * bits // 8) + 2 * (h + W2.shape[0]))
            for h in range(1, W1.shape[0] + 1)]
    fits = [pair for pair in fits if pair[1] <= budget]
    if not fits:
        raise ValueError("budget")
    h, taken = fits[-1]
    W1, W2, X = W1.detach(), W2.detach(), X.detach()
    hidden = F.relu(F.linear(X, W1))
    order = torch.argsort(hidden.norm(dim=0) * W2.norm(dim=0), stable=True)
    keep = order[len(order) - h:].sort().values
    a, b = (torch.nn.Parameter(w.clone()) for w in (W1[keep], W2[:, keep]))
    sgd = torch.optim.SGD([a, b], lr=lr)
    for _ in range(steps):
        sgd.zero_grad()
        logits = F.linear(F.relu(F.linear(X, a)), b)
        kd_loss(logits[None], F.linear(hidden, W2)[None], torch.ones(1, len(X), dtype=torch.long), T, 1).backward()
        sgd.step()
    return quant_sym(a.detach(), bits), quant_sym(b.detach(), bits), taken
