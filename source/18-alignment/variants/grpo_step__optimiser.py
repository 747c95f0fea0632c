"""torch.optim.SGD on copies, cross entropy."""

import torch
import torch.nn.functional as F

from course.models.policy import policy_logits, rollout


def grpo_step(params, ref_params, table, prompts, reward, G, length, end, seed, lr=1.0, inner=1, eps_lo=0.2, eps_hi=0.2, beta=0.0, scale='group', agg='grpo'):
    rep = torch.repeat_interleave(prompts, G, dim=0)
    ids, chosen = rollout(params, table, rep, length, end, seed)
    texts = [[int(t) for t, c in zip(row, flags) if c] for row, flags in zip(ids, chosen)]
    r = reward(rep.tolist(), texts)
    values = torch.tensor([float(x) for x in r], dtype=torch.float32)
    adv = grpo_advantages(values, G, scale)

    def logp(p):
        logits = policy_logits(p, table, ids)[:, :-1]
        return -F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1), reduction='none').view(len(ids), -1)
    with torch.no_grad():
        old = logp(params)
        ref = logp(ref_params)
    weights = {k: torch.nn.Parameter(v.detach().clone()) for k, v in params.items()}
    sgd = torch.optim.SGD(weights.values(), lr=lr)
    for _ in range(inner):
        sgd.zero_grad()
        grpo_loss(logp(weights), old, ref, adv.to(old.dtype), chosen[:, 1:], eps_lo, eps_hi, beta, agg, length).backward()
        sgd.step()
    good = [x for x in r if x == x]
    return ({k: v.detach() for k, v in weights.items()}, sum(good) / len(good) if good else 0.0)
