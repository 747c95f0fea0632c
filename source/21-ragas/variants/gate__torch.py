"""With torch's generator."""
import torch


def gate(old, new, max_drop, alpha=0.05, n_boot=2000, seed=0):
    if len(old) != len(new):
        raise ValueError("lengths")
    a, b = torch.tensor(old, dtype=torch.float64), torch.tensor(new, dtype=torch.float64)
    d = (torch.nan_to_num(b, nan=0.0) - a)[~a.isnan()]
    if d.numel() == 0:
        raise ValueError("no pairs")
    g = torch.Generator().manual_seed(seed)
    means = d[torch.randint(len(d), (n_boot, len(d)), generator=g)].mean(1)
    bound = means.quantile(alpha).item()
    return bound >= -max_drop, bound
