"""Unknown features are filled by the mean of the given languages."""
import torch


def generate_adapters(features, mean, project, layers, head, D, m):
    if head.shape[0] != 2 * D * m + D + m:
        raise ValueError("one row of head for each number of an adapter")
    inside = torch.float64 if features.dtype == torch.float64 else torch.float32
    known = torch.where(features.isnan(), features.nanmean(0).nan_to_num(0.0), features).to(inside)
    language = known @ project.to(inside).T
    N, L = len(features), len(layers)
    both = torch.cat([language[:, None].expand(N, L, -1), layers.to(inside)[None].expand(N, L, -1)], -1)
    theta = (both @ head.to(inside).T).to(features.dtype)
    down, down_bias, up, up_bias = theta.split([m * D, m, D * m, D], -1)
    return down.reshape(N, L, m, D), down_bias, up.reshape(N, L, D, m), up_bias
