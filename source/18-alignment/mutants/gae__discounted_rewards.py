"""The returns are the discounted rewards to the end of the episode, whatever lambda is."""

import torch


def gae(rewards, values, dones, gamma, lam):
    wide = torch.promote_types(rewards.dtype, torch.float32)
    r, v, go = (rewards.detach().to(wide), values.detach().to(wide), (~dones).to(wide))
    delta = r + gamma * go * v[:, 1:] - v[:, :-1]
    advantages, carry = (torch.empty_like(delta), torch.zeros_like(delta[:, 0]))
    for t in reversed(range(delta.shape[1])):
        carry = delta[:, t] + gamma * lam * go[:, t] * carry
        advantages[:, t] = carry
    returns, total = (torch.empty_like(delta), v[:, -1])
    for t in reversed(range(delta.shape[1])):
        total = r[:, t] + gamma * go[:, t] * total
        returns[:, t] = total
    return (advantages.to(rewards.dtype), returns.to(rewards.dtype))
