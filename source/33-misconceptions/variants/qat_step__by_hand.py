"""The gradient written out."""

from jaxtyping import Float
from torch import Tensor


def qat_step(w: Float[Tensor, "out in"], scale: Tensor, x: Float[Tensor, "B in"], y: Float[Tensor, "B out"],
             bits: int, lr: float) -> tuple[Float[Tensor, "out in"], float]:
    w, scale, x, y = w.detach(), scale.detach(), x.detach().to(w.dtype), y.detach().to(w.dtype)
    v = w / scale
    inside = (v >= -2 ** (bits - 1)) & (v <= 2 ** (bits - 1) - 1)
    off = x @ fake_quant(w, scale, bits).T - y
    return w - lr * (2 / off.numel()) * (off.T @ x) * inside, float(off.square().mean())
