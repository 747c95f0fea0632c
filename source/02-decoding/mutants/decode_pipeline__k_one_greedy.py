"""At k = 1 only the first of equal maxima stays."""
import torch


def decode_pipeline(logits, T, k, p):
    V = logits.shape[-1]
    x = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    x = (x / T).reshape(-1, V)
    x = top_k_mask(x, min(k, V))
    x = torch.nn.functional.one_hot(x.argmax(-1), V).to(x.dtype).log() if k == 1 else x
    x = top_p_mask(x, p)
    return x.softmax(-1).reshape(logits.shape).to(logits.dtype)
