"""Quotients p/q and a normalised residual."""
import torch


def speculative_verify(p, q, draft, u, u_next):
    def sample(weights):
        total, shares = 0.0, (weights / weights.sum()).tolist()
        for token, share in enumerate(shares):
            total += share
            if total > u_next:
                return token
        return max(i for i, share in enumerate(shares) if share > 0)

    p, q = p.to(torch.float64), q.to(torch.float64)
    ratios = []
    for row, d in enumerate(draft):
        if q[row, d].item() == 0:
            raise ValueError("q gives this draft no probability")
        ratios.append(p[row, d].item() / q[row, d].item())
    tokens = []
    for row, (d, ratio, chance) in enumerate(zip(draft, ratios, u)):
        if chance >= ratio:
            rest = torch.relu(p[row] - q[row])
            return tokens + [sample(rest if bool(rest.any()) else p[row])], row
        tokens.append(int(d))
    return tokens + [sample(p[len(draft)])], len(tokens)
