"""Log-probabilities of all positions, the first one filled with 0."""

import numpy as np
import torch

from course.models.policy import policy_logits, rollout


def grpo_step(params, ref_params, table, prompts, reward, G, length, end, seed, lr=1.0, inner=1, eps_lo=0.2, eps_hi=0.2, beta=0.0, scale='group', agg='grpo'):
    many = prompts[:, None].expand(-1, G, -1).reshape(-1, prompts.shape[1])
    ids, mask = rollout(params, table, many, length, end, seed)
    rewards = np.array(reward(many.tolist(), [ids[i][mask[i]].tolist() for i in range(len(ids))]), dtype=float)
    adv = grpo_advantages(torch.from_numpy(rewards), G, scale)

    def logp(p):
        all_lp = torch.log_softmax(policy_logits(p, table, ids), -1)[:, :-1]
        chosen = all_lp.gather(2, ids[:, 1:].unsqueeze(2)).squeeze(2)
        return torch.cat([torch.zeros_like(chosen[:, :1]), chosen], 1)
    old, ref = (logp(params).detach(), logp(ref_params).detach())
    current = params
    for _ in range(inner):
        embed, mix = (current[k].detach().clone().requires_grad_() for k in ('embed', 'mix'))
        loss = grpo_loss(logp({'embed': embed, 'mix': mix}), old, ref, adv.to(old.dtype), mask, eps_lo, eps_hi, beta, agg, length)
        loss.backward()
        current = {'embed': (embed - lr * embed.grad).detach(), 'mix': (mix - lr * mix.grad).detach()}
    judged = rewards[~np.isnan(rewards)]
    return (current, float(judged.mean()) if judged.size else 0.0)
