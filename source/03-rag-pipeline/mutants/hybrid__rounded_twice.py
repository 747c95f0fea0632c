"""Each scaled row is rounded to half precision before they are mixed."""
import torch


def hybrid(lexical, dense, alpha):
    def scaled(scores):
        wide = scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores
        returned = ~torch.isneginf(wide)
        low = wide.masked_fill(~returned, torch.inf).amin(dim=1, keepdim=True)
        high = wide.amax(dim=1, keepdim=True)
        width = high - low
        result = torch.where(returned & (width > 0), (wide - low) / torch.where(width > 0, width, 1), 0)
        return result.to(scores.dtype)

    mixed = (1 - alpha) * scaled(lexical) + alpha * scaled(dense)
    return mixed.to(lexical.dtype)
