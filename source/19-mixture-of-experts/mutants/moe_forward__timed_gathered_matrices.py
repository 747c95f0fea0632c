"""timed: copies the matrices of each token's experts."""
import torch


def moe_forward(x, W1, W2, idx, w):
    wide = torch.promote_types(x.dtype, torch.float32)
    hidden = torch.einsum("td,tkdf->tkf", x.to(wide), W1[idx].to(wide)).relu()
    return torch.einsum("tkf,tkfd,tk->td", hidden, W2[idx].to(wide), w.to(wide)).to(x.dtype)
