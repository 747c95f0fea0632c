"""Row by row, with the returned scores taken out."""
import torch


def hybrid(lexical, dense, alpha):
    wide = torch.promote_types(lexical.dtype, torch.float32)
    out = torch.zeros(lexical.shape, dtype=wide)
    for scores, share in ((lexical.to(wide), 1 - alpha), (dense.to(wide), alpha)):
        for row, target in zip(scores, out):
            there = torch.isfinite(row)
            if there.any():
                values = row[there]
                if values.max() > values.min():
                    target[there] += share * (values - values.min()) / (values.max() - values.min())
    return out.to(lexical.dtype)
