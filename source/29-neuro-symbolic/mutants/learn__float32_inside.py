"""Trains in float32 and casts back at the end."""

import torch


def learn(params, images, totals, batches, lr):
    dtype, images = params[0].dtype, images.float()
    params = [p.detach().clone().float().requires_grad_() for p in params]
    adam, losses = torch.optim.Adam(params, lr=lr), []
    for rows in batches:
        log_p = perceive(params, images[rows])  # (n, k, K)
        total = log_p[:, 0]
        for k in range(1, log_p.shape[1]):
            total = sum_distribution(total, log_p[:, k])
        loss = -total.gather(-1, totals[rows][:, None]).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return [p.detach().to(dtype) for p in params], losses
