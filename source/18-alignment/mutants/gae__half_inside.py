"""Computed in the dtype that came in."""

import torch


def gae(rewards, values, dones, gamma, lam):
    wide = rewards.dtype
    r, v, go = (rewards.detach().to(wide), values.detach().to(wide), (~dones).to(wide))
    delta = r + gamma * go * v[:, 1:] - v[:, :-1]
    advantages, carry = (torch.empty_like(delta), torch.zeros_like(delta[:, 0]))
    for t in reversed(range(delta.shape[1])):
        carry = delta[:, t] + gamma * lam * go[:, t] * carry
        advantages[:, t] = carry
    return (advantages.to(rewards.dtype), (advantages + v[:, :-1]).to(rewards.dtype))
