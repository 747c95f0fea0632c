"""Probabilities are convolved, and the logarithm of a clamped sum is taken."""
import torch


def learn(params, images, totals, batches, lr):
    params = [p.detach().clone().requires_grad_() for p in params]
    adam, losses = torch.optim.Adam(params, lr=lr), []
    for rows in batches:
        p = perceive(params, images[rows]).exp()
        total = p[:, 0]
        for k in range(1, p.shape[1]):
            m, n = total.shape[1], p.shape[2]
            total = torch.stack([sum(total[:, i] * p[:, k, s - i] for i in range(max(0, s - n + 1), min(m, s + 1)))
                                 for s in range(m + n - 1)], -1)
        loss = -total.gather(-1, totals[rows][:, None]).clamp(min=1e-300).log().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return [p.detach() for p in params], losses
