"""torch.func.grad_and_value of the parameters."""
import torch

from course.models.policy import policy_logits


def dpo_step(params, ref_params, table, pairs, beta=0.1, lr=0.1):
    def logprobs(p):
        return [sequence_logprob(policy_logits(p, table, pairs[side]), pairs[f"{side}_labels"])[0]
                for side in ("chosen", "rejected")]

    reference = [x.detach() for x in logprobs(ref_params)]
    grads, loss = torch.func.grad_and_value(lambda p: dpo_loss(*logprobs(p), *reference, beta)[0])(dict(params))
    return {name: params[name] - lr * grads[name] for name in params}, loss
