"""A mean over the batch alone."""

import torch
from jaxtyping import Float
from torch import Tensor


def qat_step(w: Float[Tensor, "out in"], scale: Tensor, x: Float[Tensor, "B in"], y: Float[Tensor, "B out"],
             bits: int, lr: float) -> tuple[Float[Tensor, "out in"], float]:
    latent = w.detach().clone().requires_grad_()
    with torch.enable_grad():
        loss = ((x.to(w.dtype) @ fake_quant(latent, scale.detach(), bits).T - y.to(w.dtype)) ** 2).sum(1).mean()
        gradient, = torch.autograd.grad(loss, latent)
    return latent.detach() - lr * gradient, loss.item()
