"""Ignores beta."""
import torch

from course.models.policy import policy_logits


def dpo_step(params, ref_params, table, pairs, beta=0.1, lr=0.1):
    def logprobs(p):
        return [sequence_logprob(policy_logits(p, table, pairs[side]), pairs[f"{side}_labels"])[0]
                for side in ("chosen", "rejected")]

    leaves = {name: p.detach().clone().requires_grad_() for name, p in params.items()}
    with torch.no_grad():
        reference = logprobs(ref_params)
    loss, _ = dpo_loss(*logprobs(leaves), *reference, 0.1)
    grads = torch.autograd.grad(loss, list(leaves.values()))
    return {name: p.detach() - lr * g for (name, p), g in zip(leaves.items(), grads)}, loss.detach()
