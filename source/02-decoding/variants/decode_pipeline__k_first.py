"""Top-k before the division: the order of tokens is the same."""
import torch
def decode_pipeline(logits, T, k, p):
    x = logits if logits.dtype == torch.float64 else logits.to(torch.float32)
    x = x.reshape(-1, x.size(-1))
    x = torch.div(top_k_mask(x, k), T)
    return torch.softmax(top_p_mask(x, p), dim=-1).type_as(logits).reshape(logits.size())
