"""timed: Tokens first, so that each step is one contiguous row."""

import torch


def gae(rewards, values, dones, gamma, lam):
    with torch.no_grad():
        wide = torch.promote_types(rewards.dtype, torch.float32)
        r, v, go = (rewards.T.to(wide).contiguous(), values.T.to(wide).contiguous(), (~dones).T.to(wide).contiguous())
        delta = r + gamma * go * v[1:] - v[:-1]
        fade = gamma * lam * go
        out = [delta[-1]]
        for t in range(len(delta) - 2, -1, -1):
            out.append(torch.addcmul(delta[t], fade[t], out[-1]))
        advantages = torch.stack(out[::-1])
        return (advantages.T.to(rewards.dtype).clone(), (advantages + v[:-1]).T.to(rewards.dtype).clone())
