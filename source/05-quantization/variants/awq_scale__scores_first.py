"""All errors first, then the smallest; float64 for the errors."""
import torch


def awq_scale(W, X, bits, g):
    kind = torch.float64 if W.dtype == torch.float64 else torch.float32
    w, x = W.to(kind), X.to(kind)
    size, exact, tried = x.abs().sum(0) / len(x), x @ w.T, []
    for k in range(20):
        s = torch.clamp(torch.pow(size, k / 20), min=1e-4)
        s = s / torch.sqrt(s.max() * s.min())
        tried.append((float(((exact - x @ (rtn(w * s, bits, mode="group", g=g) / s).T).double() ** 2).mean()), k, s))
    _, k, s = min(tried, key=lambda t: (t[0], t[1]))
    return s, k / 20
