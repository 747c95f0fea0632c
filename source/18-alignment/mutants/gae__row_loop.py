"""timed: A loop over rows and tokens in plain Python."""

import torch


def gae(rewards, values, dones, gamma, lam):
    wide = torch.promote_types(rewards.dtype, torch.float32)
    r, v, go = (rewards.detach().to(wide), values.detach().to(wide), (~dones).to(wide))
    delta = r + gamma * go * v[:, 1:] - v[:, :-1]
    advantages, carry = (torch.empty_like(delta), torch.zeros_like(delta[:, 0]))
    rows, going = (delta.tolist(), go.tolist())
    for i in range(len(rows)):
        carry = 0.0
        for t in reversed(range(len(rows[i]))):
            carry = rows[i][t] + gamma * lam * going[i][t] * carry
            advantages[i, t] = carry
    return (advantages.to(rewards.dtype), (advantages + v[:, :-1]).to(rewards.dtype))
