"""Float64 copy that is none for float64: changes the argument."""
from math import inf


def softmax_t(logits, T):
    if T < 0:
        raise ValueError("T < 0")
    if logits.isnan().any():
        raise ValueError("NaN")
    top = logits.amax(-1, keepdim=True)
    if (top == -inf).any():
        raise ValueError("nothing is possible")
    x = logits.double()
    if T == 0:
        w = (logits == top).to(x.dtype)
    else:
        x -= top.to(x.dtype)
        w = (x / T).exp()
    return (w / w.sum(-1, keepdim=True)).to(logits.dtype)
