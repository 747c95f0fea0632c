"""Neurons are scored by their weights alone."""
import torch
from jaxtyping import Float
from torch import Tensor

from course.models.rounding import quant_sym


def compress(W1: Float[Tensor, "H in"], W2: Float[Tensor, "out H"], X: Float[Tensor, "n in"], budget: int, bits: int = 4,
             steps: int = 50, lr: float = 0.5, T: float = 2.0) -> tuple[tuple, tuple, int]:
    (H, n_in), out = W1.shape, W2.shape[0]

    def size(h):
        return -(-h * n_in * bits // 8) + -(-h * out * bits // 8) + 2 * (h + out)

    h = max((h for h in range(1, H + 1) if size(h) <= budget), default=None)
    if h is None:
        raise ValueError("not one neuron fits")
    with torch.no_grad():
        hidden = (X @ W1.T).relu()
        scores = W1.norm(dim=1) * W2.norm(dim=0)
        keep = scores.sort(stable=True).indices[H - h:].sort().values
        teacher = hidden @ W2.T
    a, b = W1.detach()[keep].requires_grad_(), W2.detach()[:, keep].requires_grad_()
    labels = torch.zeros(len(X), 1, dtype=torch.long)
    for _ in range(steps):
        loss = kd_loss(((X.detach() @ a.T).relu() @ b.T)[:, None], teacher[:, None], labels, T, 1.0)
        steps_of = torch.autograd.grad(loss, [a, b])
        a, b = ((w - lr * g).detach().requires_grad_() for w, g in zip((a, b), steps_of))
    return quant_sym(a.detach(), bits), quant_sym(b.detach(), bits), size(h)
