"""torch.optim.SGD on copies."""
import torch


def moe_step(layer, x, y, k, lr, gamma, scale=1.0):
    order = ["router", "bias", "w1", "w2", "shared1", "shared2"]
    params = {n: torch.nn.Parameter(layer[n].detach().clone()) for n in order if n != "bias"}
    optimizer = torch.optim.SGD(params.values(), lr=lr)
    out, counts = moe_layer(x, *(layer["bias"] if n == "bias" else params[n] for n in order), k, scale)
    loss = ((out - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    new = {n: p.detach() for n, p in params.items()}
    new["bias"] = update_bias(layer["bias"], counts, gamma)
    return new, float(loss), counts
