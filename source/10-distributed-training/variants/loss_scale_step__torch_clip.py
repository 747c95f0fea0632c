"""clip_grad_norm_ of PyTorch on fresh parameters, with its epsilon."""
import torch


def loss_scale_step(state, grads, growth_interval=2000, growth=2.0, backoff=0.5, max_norm=None):
    scale, good = state
    if any(torch.isinf(g).any() or torch.isnan(g).any() for g in grads):
        return (scale * backoff, 0), None
    holders = []
    for g in grads:
        wide = g.detach().to(torch.float64 if g.dtype == torch.float64 else torch.float32) * (1.0 / scale)
        p = torch.nn.Parameter(torch.zeros_like(wide))
        p.grad = wide
        holders.append(p)
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(holders, max_norm)
    good += 1
    if good >= growth_interval:
        scale, good = scale * growth, 0
    return (scale, good), [p.grad for p in holders]
