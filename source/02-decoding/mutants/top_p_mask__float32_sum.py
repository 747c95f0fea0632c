"""float64 logits are summed in float32."""
import torch
def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    probs, order = logits.float().softmax(-1).sort(-1, descending=True)
    cut = probs.cumsum(-1) - probs >= p
    cut[:, 0] = False
    return logits.masked_fill(torch.zeros_like(cut).scatter(1, order, cut), -torch.inf)
