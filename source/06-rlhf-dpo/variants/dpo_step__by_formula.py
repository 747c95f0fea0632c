"""The gradient of the log-probabilities, weighted by hand."""
import torch
import torch.nn.functional as F

from course.models.policy import policy_logits


def dpo_step(params, ref_params, table, pairs, beta=0.1, lr=0.1):
    leaves = {k: v.detach().clone().requires_grad_() for k, v in params.items()}
    def gap(p):
        w, l = (sequence_logprob(policy_logits(p, table, pairs[s]), pairs[s + "_labels"])[0] for s in ("chosen", "rejected"))
        return w - l
    mine, its = gap(leaves), gap({k: v.detach() for k, v in ref_params.items()})
    m = beta * (mine.detach() - its)
    weight = torch.sigmoid(-m) * beta / len(m)
    (weight * mine).sum().backward()
    return {k: v.detach() + lr * v.grad for k, v in leaves.items()}, -F.logsigmoid(m).mean()
