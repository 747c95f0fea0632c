"""As LLaDA's code does it."""
import torch


def num_transfer(count, steps):
    count = count.to(torch.int64)
    out = torch.zeros(len(count), steps, dtype=torch.int64) + torch.div(count, steps, rounding_mode="floor")[:, None]
    for b in range(len(count)):
        out[b, :count[b] % steps] += 1
    return out
