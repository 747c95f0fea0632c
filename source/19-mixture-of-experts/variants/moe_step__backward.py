"""backward() and .grad under no_grad, keyword arguments, the loss as a tensor."""
import torch


def moe_step(layer, x, y, k, lr, gamma, scale=1.0):
    params = {n: v.clone() for n, v in layer.items()}
    for n, v in params.items():
        v.requires_grad = n != "bias"
    out, counts = moe_layer(x, k=k, scale=scale, **params)
    loss = torch.nn.functional.mse_loss(out, y)
    loss.backward()
    with torch.no_grad():
        new = {n: v - lr * v.grad if v.grad is not None else update_bias(v, counts, gamma) for n, v in params.items()}
    return new, loss.detach(), counts
