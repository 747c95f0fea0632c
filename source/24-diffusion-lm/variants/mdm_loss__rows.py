"""Row by row."""
import torch


def mdm_loss(logits, x0, m, t, prompt_len, eps=1e-3):
    wide = torch.promote_types(logits.dtype, torch.float32)
    total = (logits[~m] * 0).nan_to_num(0, 0, 0).sum().to(wide) * 0
    for b in range(len(x0)):
        if m[b].any():
            row = logits[b][m[b]].to(wide)
            nll = torch.logsumexp(row, -1) - row[torch.arange(len(row)), x0[b][m[b]]]
            total = total + nll.sum() / float((1 - eps) * t[b] + eps) / (x0.shape[1] - int(prompt_len[b]))
    return (total / len(x0)).to(logits.dtype)
