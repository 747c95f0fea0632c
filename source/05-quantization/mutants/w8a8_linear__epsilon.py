"""An epsilon in the scales."""
import torch


def w8a8_linear(X, W, s=None):
    wide = torch.promote_types(X.dtype, torch.float32)
    x, w = X.to(wide).reshape(-1, X.shape[-1]), W.to(wide)
    if s is not None:
        x, w = x / s.to(wide), w * s.to(wide)
    a, b = (t.abs().amax(1).clamp(min=1e-5) / 127 for t in (x, w))
    qx, qw = (x / a[:, None]).round(), (w / b[:, None]).round()
    return ((qx @ qw.T) * a[:, None] * b).reshape(*X.shape[:-1], -1).to(X.dtype)
