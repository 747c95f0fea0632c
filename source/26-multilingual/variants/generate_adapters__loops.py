"""A loop over languages and layers."""
import torch


def generate_adapters(features, mean, project, layers, head, D, m):
    if len(head) != m * D + m + D * m + D:
        raise ValueError("rows")
    wide = torch.promote_types(features.dtype, torch.float32)
    rows = []
    for f in features:
        gaps = f.isnan()
        f = torch.where(gaps, mean.to(wide), f.to(wide).masked_fill(gaps, 0))
        e = project.to(wide) @ f
        rows.append(torch.stack([head.to(wide) @ torch.cat([e, d.to(wide)]) for d in layers]))
    theta = torch.stack(rows).to(features.dtype)
    a, b, c = m * D, m * D + m, 2 * m * D + m
    return (theta[..., :a].unflatten(-1, (m, D)), theta[..., a:b].clone(), theta[..., b:c].unflatten(-1, (D, m)),
            theta[..., c:].clone())
