"""Mean as tensor."""
import torch
from course.models.policy import policy_logits, rollout


def grpo_step(params, ref_params, table, prompts, reward, G, length, end, seed, lr=1.0, inner=1, eps_lo=0.2, eps_hi=0.2,
              beta=0.0, scale="group", agg="grpo"):
    many = prompts.repeat_interleave(G, 0)
    now = {k: v.detach().clone() for k, v in params.items()}
    ids, mask = rollout(now, table, many, length, end, seed)

    def logprobs(p):
        return policy_logits(p, table, ids[:, :-1]).log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]

    scores = reward([row.tolist() for row in many], [row[m].tolist() for row, m in zip(ids, mask)])
    scores = torch.tensor(scores, dtype=torch.float64)
    judged = scores[~scores.isnan()]
    mean = judged.mean() if len(judged) else torch.tensor(0.0)
    adv = grpo_advantages(scores, G, scale).to(now["embed"].dtype)
    with torch.no_grad():
        old, ref = logprobs(now), logprobs({k: v.detach() for k, v in ref_params.items()})
    m = mask[:, 1:]
    for _ in range(inner):
        leaf = {k: v.detach().clone().requires_grad_() for k, v in now.items()}
        loss = grpo_loss(logprobs(leaf), old, ref, adv, m, eps_lo, eps_hi, beta, agg, length)
        grads = torch.autograd.grad(loss, [leaf["embed"], leaf["mix"]], allow_unused=True)
        now = {k: (leaf[k] - lr * (g if g is not None else 0)).detach() for k, g in zip(("embed", "mix"), grads)}
    return now, mean
