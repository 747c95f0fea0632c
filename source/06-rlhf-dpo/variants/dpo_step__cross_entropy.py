"""No other exercise used: cross-entropy and softplus, the reference detached at the end."""
import torch

from course.models.policy import policy_logits


def dpo_step(params, ref_params, table, pairs, beta=0.1, lr=0.1):
    def gap(p):
        total = 0
        for side, sign in (("chosen", -1), ("rejected", 1)):
            logits, labels = policy_logits(p, table, pairs[side]), pairs[side + "_labels"]
            nll = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(),
                                                    reduction="none")
            total = total + sign * nll.view(len(labels), -1).sum(1)
        return total

    embed, mix = (params[k].detach().clone().requires_grad_(True) for k in ("embed", "mix"))
    loss = torch.nn.functional.softplus(-beta * (gap({"embed": embed, "mix": mix}) - gap(ref_params).detach())).mean()
    loss.backward()
    return {"mix": (mix - lr * mix.grad).detach(), "embed": (embed - lr * embed.grad).detach()}, loss.detach()
