"""SGD of torch does the step."""

import torch
from jaxtyping import Float
from torch import Tensor


def qat_step(w: Float[Tensor, "out in"], scale: Tensor, x: Float[Tensor, "B in"], y: Float[Tensor, "B out"],
             bits: int, lr: float) -> tuple[Float[Tensor, "out in"], float]:
    weight = torch.nn.Parameter(w.detach().clone())
    sgd = torch.optim.SGD([weight], lr=lr)
    out = torch.nn.functional.linear(x.to(w.dtype), fake_quant(weight, scale.detach(), bits))
    loss = torch.nn.functional.mse_loss(out, y.to(w.dtype))
    loss.backward()
    sgd.step()
    return weight.detach(), float(loss.detach())
