"""Logits and tokens are not shifted against each other."""

import torch

from course.models.policy import policy_logits, rollout


def grpo_step(params, ref_params, table, prompts, reward, G, length, end, seed, lr=1.0, inner=1, eps_lo=0.2, eps_hi=0.2, beta=0.0, scale='group', agg='grpo'):
    repeated = prompts.repeat_interleave(G, 0)
    ids, mask = rollout(params, table, repeated, length, end, seed)
    rewards = torch.tensor(reward(repeated.tolist(), [row[m].tolist() for row, m in zip(ids, mask)]), dtype=torch.float64)
    adv = grpo_advantages(rewards, G, scale)

    def logprobs(p):
        return policy_logits(p, table, ids).log_softmax(-1).gather(-1, ids[..., None])[..., 0][:, 1:]
    with torch.no_grad():
        old, ref = (logprobs(params), logprobs(ref_params))
    new = {name: p.detach().clone() for name, p in params.items()}
    for _ in range(inner):
        leaves = {name: p.requires_grad_() for name, p in new.items()}
        loss = grpo_loss(logprobs(leaves), old, ref, adv, mask[:, 1:], eps_lo, eps_hi, beta, agg, length)
        grads = torch.autograd.grad(loss, list(leaves.values()))
        new = {name: p.detach() - lr * g for (name, p), g in zip(leaves.items(), grads)}
    judged = rewards[~rewards.isnan()]
    return (new, float(judged.mean()) if len(judged) else 0.0)
