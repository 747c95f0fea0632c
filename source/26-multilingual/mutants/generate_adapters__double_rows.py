"""A head of twice the rows is taken, its first half used."""
import torch


def generate_adapters(features, mean, project, layers, head, D, m):
    if head.shape[0] % (2 * D * m + m + D):
        raise ValueError("rows of head")
    dtype = features.dtype
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    features, mean, project, layers, head = (t.to(wide) for t in (features, mean, project, layers, head))
    f = torch.where(features.isnan(), mean, features)
    e = f @ project.T
    n, L = e.shape[0], layers.shape[0]
    both = torch.cat([e[:, None].expand(n, L, -1), layers[None].expand(n, L, -1)], -1)
    theta = (both @ head.T).to(dtype)
    a, b, c, d = theta[..., :2 * D * m + m + D].split([m * D, m, D * m, D], -1)
    return a.reshape(n, L, m, D), b, c.reshape(n, L, D, m), d
