"""The gradient reaches the critic through the advantages."""

import torch


def gae(rewards, values, dones, gamma, lam):
    wide = torch.promote_types(rewards.dtype, torch.float32)
    r, v, go = (rewards.detach().to(wide), values.to(wide), (~dones).to(wide))
    delta = r + gamma * go * v[:, 1:] - v[:, :-1]
    parts, carry = ([], torch.zeros_like(delta[:, 0]))
    for t in reversed(range(delta.shape[1])):
        carry = delta[:, t] + gamma * lam * go[:, t] * carry
        parts.append(carry)
    advantages = torch.stack(parts[::-1], 1)
    return (advantages.to(rewards.dtype), (advantages + v[:, :-1]).to(rewards.dtype))
