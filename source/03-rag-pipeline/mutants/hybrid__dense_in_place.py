"""The -inf of `dense` are overwritten in place."""
import torch


def hybrid(lexical, dense, alpha):
    def scaled(scores):
        wide = scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores
        returned = ~torch.isneginf(wide)
        low = wide.masked_fill(~returned, torch.inf).amin(dim=1, keepdim=True)
        high = wide.amax(dim=1, keepdim=True)
        width = high - low
        return torch.where(returned & (width > 0), (wide - low) / torch.where(width > 0, width, 1), 0)

    lowest = dense.masked_fill(torch.isneginf(dense), torch.inf).amin(dim=1, keepdim=True)
    result = (1 - alpha) * scaled(lexical) + alpha * scaled(dense)
    dense.copy_(torch.where(torch.isneginf(dense), lowest, dense))
    mixed = result
    return mixed.to(lexical.dtype)
