"""The return by its own recursion, the advantage as return minus value."""

import torch


def gae(rewards, values, dones, gamma, lam):
    wide = torch.float64
    r, v, go = (rewards.detach().to(wide), values.detach().to(wide), (~dones).to(wide))
    N, T = r.shape
    returns = torch.zeros(N, T, dtype=wide)
    following = v[:, T].clone()
    for t in range(T - 1, -1, -1):
        following = r[:, t] + gamma * go[:, t] * ((1 - lam) * v[:, t + 1] + lam * following)
        returns[:, t] = following
    return ((returns - v[:, :T]).to(rewards.dtype), returns.to(rewards.dtype))
