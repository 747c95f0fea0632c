"""Moves the reference along with the policy: takes the gradient of both where they are one."""
import torch

from course.models.policy import policy_logits


def dpo_step(params, ref_params, table, pairs, beta=0.1, lr=0.1):
    def logprobs(p):
        return [sequence_logprob(policy_logits(p, table, pairs[side]), pairs[f"{side}_labels"])[0]
                for side in ("chosen", "rejected")]

    leaves = {name: p.detach().clone().requires_grad_() for name, p in params.items()}
    one = all(torch.equal(params[name], ref_params[name]) for name in params)
    reference = logprobs(leaves) if one else logprobs(ref_params)
    w, l = logprobs(leaves)
    margin = beta * ((w - l) - (reference[0] - reference[1]))
    loss = torch.nn.functional.softplus(-margin).mean()
    grads = torch.autograd.grad(loss, list(leaves.values()))
    return {name: p.detach() - lr * g for (name, p), g in zip(leaves.items(), grads)}, loss.detach()
