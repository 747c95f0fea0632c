"""One pair after the other, only real tokens are looked at."""
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    scores = []
    for q, d, qm, dm in zip(Q, D, q_mask, d_mask):
        q, d = F.normalize(q[qm].double(), dim=-1), F.normalize(d[dm].double(), dim=-1)
        sims = q @ d.T if len(d) else torch.full((len(q), 1), -torch.inf, dtype=torch.float64)
        scores.append(sims.amax(1).sum())
    return torch.stack(scores).to(Q.dtype)
