"""The loss is of the most likely pair of digits alone, no sum."""
import torch


def learn(params, images, totals, batches, lr):
    params = [p.detach().clone().requires_grad_() for p in params]
    adam, losses = torch.optim.Adam(params, lr=lr), []
    for rows in batches:
        log_p = perceive(params, images[rows])  # (n, k, K)
        total = log_p[:, 0]
        for k in range(1, log_p.shape[1]):
            total = torch.stack([torch.stack([total[:, i] + log_p[:, k, s - i] for i in range(total.shape[1])
                                              if 0 <= s - i < log_p.shape[2]], -1).amax(-1)
                                 for s in range(total.shape[1] + log_p.shape[2] - 1)], -1)
        loss = -total.gather(-1, totals[rows][:, None]).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return [p.detach() for p in params], losses
