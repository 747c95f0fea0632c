"""A loop over pairs with logaddexp, the margin broadcast by hand."""
import torch


def bt_loss(r_w, r_l, margin=0.0):
    margins = torch.as_tensor(margin, dtype=r_w.dtype).expand(r_w.shape)
    zero = torch.zeros((), dtype=r_w.dtype)
    losses = [torch.logaddexp(zero, m - (w - l)) for w, l, m in zip(r_w, r_l, margins)]
    return torch.stack(losses).mean()
