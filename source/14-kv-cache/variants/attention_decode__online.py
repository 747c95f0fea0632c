"""Online softmax, token by token."""
import torch


def attention_decode(q, k, v):
    g = torch.arange(len(q)) // (len(q) // len(k))
    m, l, o = torch.full((len(q), 1), -torch.inf), torch.zeros(len(q), 1), torch.zeros(q.shape)
    for t in range(k.shape[1]):
        s = (q.float() * k[g, t].float()).sum(1, keepdim=True) / q.shape[1] ** 0.5
        top = torch.maximum(m, s)
        l, o = l * (m - top).exp() + (s - top).exp(), o * (m - top).exp() + (s - top).exp() * v[g, t].float()
        m = top
    return (o / l).to(q.dtype)
