"""torch.optim.SGD on copies."""
import torch

from course.models.policy import policy_logits


def dpo_step(params, ref_params, table, pairs, beta=0.1, lr=0.1):
    def logprobs(p):
        return [sequence_logprob(policy_logits(p, table, pairs[side]), pairs[f"{side}_labels"])[0]
                for side in ("chosen", "rejected")]

    new = {name: torch.nn.Parameter(p.clone()) for name, p in params.items()}
    optimizer = torch.optim.SGD(new.values(), lr=lr) if lr else None
    with torch.no_grad():
        reference = logprobs(ref_params)
    loss = dpo_loss(*logprobs(new), *reference, beta)[0]
    loss.backward()
    if optimizer:
        optimizer.step()
    return {name: p.detach() for name, p in new.items()}, loss.detach()
