"""timed: numpy, float64 inside."""

import numpy as np
import torch


def gae(rewards, values, dones, gamma, lam):
    r, v = (rewards.detach().double().numpy(), values.detach().double().numpy())
    go = 1.0 - dones.numpy()
    advantages = np.zeros_like(r)
    carry = np.zeros(len(r))
    for t in range(r.shape[1] - 1, -1, -1):
        carry = r[:, t] + go[:, t] * (gamma * v[:, t + 1] + gamma * lam * carry) - v[:, t]
        advantages[:, t] = carry
    returns = advantages + v[:, :-1]
    return (torch.from_numpy(advantages).to(rewards.dtype), torch.from_numpy(returns).to(rewards.dtype))
