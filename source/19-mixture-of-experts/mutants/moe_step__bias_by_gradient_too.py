"""The bias gets a step of -gamma times the relative excess."""
import torch


def moe_step(layer, x, y, k, lr, gamma, scale=1.0):
    names = ["router", "w1", "w2", "shared1", "shared2"]
    leaf = {name: layer[name].detach().clone().requires_grad_() for name in names}
    out, counts = moe_layer(x, leaf["router"], layer["bias"], leaf["w1"], leaf["w2"], leaf["shared1"], leaf["shared2"], k, scale)
    loss = (out - y).square().mean()
    grads = torch.autograd.grad(loss, list(leaf.values()))
    new = {name: layer[name] - lr * grad for name, grad in zip(names, grads)}
    new["bias"] = layer["bias"] - gamma * (counts / counts.double().mean() - 1).to(x.dtype)
    return new, loss.item(), counts
