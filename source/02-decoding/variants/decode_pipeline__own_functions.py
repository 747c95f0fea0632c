"""The section's functions, one row at a time."""
import torch


def decode_pipeline(logits, T, k, p):
    rows = logits.reshape(-1, logits.shape[-1])
    rows = rows if rows.dtype == torch.float64 else rows.float()
    out = [softmax_t(top_p_mask(top_k_mask(row[None] / T, k), p), 1)[0] for row in rows]
    return torch.stack(out).to(logits.dtype).view(logits.shape)
