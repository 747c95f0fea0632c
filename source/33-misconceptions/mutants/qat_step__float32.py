"""float32 for float64 weights too."""

import torch
from jaxtyping import Float
from torch import Tensor


def qat_step(w: Float[Tensor, "out in"], scale: Tensor, x: Float[Tensor, "B in"], y: Float[Tensor, "B out"],
             bits: int, lr: float) -> tuple[Float[Tensor, "out in"], float]:
    latent = w.detach().float().clone().requires_grad_()
    with torch.enable_grad():
        loss = ((x.float() @ fake_quant(latent, scale.detach().float(), bits).T - y.float()) ** 2).mean()
        gradient, = torch.autograd.grad(loss, latent)
    return (latent.detach() - lr * gradient).to(w.dtype), loss.item()
