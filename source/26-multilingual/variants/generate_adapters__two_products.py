"""The head cut into two: one product for languages, one for layers, added."""
import torch


def generate_adapters(features, mean, project, layers, head, D, m):
    if head.shape[0] != 2 * D * m + D + m:
        raise ValueError("rows")
    dtype, E = features.dtype, project.shape[0]
    features, mean, project, layers, head = (t.double() for t in (features, mean, project, layers, head))
    known = features.clone()
    known = torch.where(torch.isnan(known), mean.expand_as(known), known)
    theta = (known @ project.T @ head[:, :E].T)[:, None] + (layers @ head[:, E:].T)[None]
    theta, out, start = theta.to(dtype), [], 0
    for shape in [(m, D), (m,), (D, m), (D,)]:
        size = shape[0] * (shape[1] if len(shape) > 1 else 1)
        out.append(theta[:, :, start:start + size].reshape(*theta.shape[:2], *shape))
        start += size
    return tuple(out)
