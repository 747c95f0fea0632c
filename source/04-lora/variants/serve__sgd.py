"""With torch.optim.SGD on copies; rank-0 adapters stand in where a dict has none."""
import torch
import torch.nn.functional as F
from course.models.linears import logits


def lora_step(weights, adapters, ids, alpha, lr):
    mine = {name: [torch.nn.Parameter(p.detach().clone()) for p in pair] for name, pair in adapters.items()}
    frozen = {name: w.detach() for name, w in weights.items()}

    def layer(name, x, W):
        if name not in mine:
            return F.linear(x, W)
        A, B = mine[name]
        return F.linear(x, W) + F.linear(F.linear(x, A), B) * (alpha / A.shape[0])

    optimizer = torch.optim.SGD([p for pair in mine.values() for p in pair], lr=lr)
    logp = logits(frozen, ids, layer)[:, :-1].log_softmax(-1)
    loss = -logp.gather(-1, ids[:, 1:, None]).mean()
    loss.backward()
    optimizer.step()
    return {name: (A.detach(), B.detach()) for name, (A, B) in mine.items()}, loss.detach()


def serve(weights, many, idx, ids, alpha):
    def layer(name, x, W):
        y = x @ W.T
        for i, adapters in enumerate(many):
            if name in adapters:
                A, B = adapters[name]
                mine = (idx == i)
                y[mine] = y[mine] + (x[mine] @ A.T @ B.T) * (alpha / len(A))
        return y

    with torch.no_grad():
        return logits(weights, ids, layer)
