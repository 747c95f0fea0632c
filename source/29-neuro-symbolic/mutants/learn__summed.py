"""The loss is summed over the batch."""
import torch


def learn(params, images, totals, batches, lr):
    params = [p.detach().clone().requires_grad_() for p in params]
    adam, losses = torch.optim.Adam(params, lr=lr), []
    for rows in batches:
        log_p = perceive(params, images[rows])  # (n, k, K)
        total = log_p[:, 0]
        for k in range(1, log_p.shape[1]):
            total = sum_distribution(total, log_p[:, k])
        loss = -total.gather(-1, totals[rows][:, None]).sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return [p.detach() for p in params], losses
