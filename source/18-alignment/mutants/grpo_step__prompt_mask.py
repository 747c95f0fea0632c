"""Prompts are trained where they hold the end token."""

import torch

from course.models.policy import policy_logits, rollout


def grpo_step(params, ref_params, table, prompts, reward, G, length, end, seed, lr=1.0, inner=1, eps_lo=0.2, eps_hi=0.2,
              beta=0.0, scale="group", agg="grpo"):
    ids, mask = rollout(params, table, prompts.repeat_interleave(G, 0), length, end, seed)
    T = prompts.shape[1]
    asked = [row[:T] for row in ids.tolist()]
    answers = [[x for x, m in zip(row, keep) if m] for row, keep in zip(ids.tolist(), mask.tolist())]
    rewards = torch.tensor(reward(asked, answers), dtype=torch.float64)
    adv = grpo_advantages(rewards, G, scale, 1e-4).to(table.dtype)

    def chosen(weights):
        logits = policy_logits(weights, table, ids)[:, :-1]
        return logits.log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]

    with torch.no_grad():
        old, ref = chosen(params), chosen(ref_params)
    now = {k: v.detach().clone() for k, v in params.items()}
    for _ in range(inner):
        now = {k: v.detach().requires_grad_() for k, v in now.items()}
        loss = grpo_loss(chosen(now), old, ref, adv, (mask | (ids == end) & (torch.arange(ids.shape[1]) < T))[:, 1:], eps_lo, eps_hi, beta, agg, length)
        grads = torch.autograd.grad(loss, list(now.values()))
        now = {k: (v - lr * g).detach() for (k, v), g in zip(now.items(), grads)}
    judged = rewards[~rewards.isnan()]
    return now, judged.mean().item() if len(judged) else 0.0
