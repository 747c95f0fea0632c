"""With lr = 0 the bias is not moved either."""
import torch


def moe_step(layer, x, y, k, lr, gamma, scale=1.0):
    if lr == 0:
        out, counts = moe_layer(x, *(layer[n] for n in ("router", "bias", "w1", "w2", "shared1", "shared2")), k, scale)
        return {n: v.clone() for n, v in layer.items()}, (out - y).square().mean().item(), counts
    names = ["router", "w1", "w2", "shared1", "shared2"]
    leaf = {name: layer[name].detach().clone().requires_grad_() for name in names}
    out, counts = moe_layer(x, leaf["router"], layer["bias"], leaf["w1"], leaf["w2"], leaf["shared1"], leaf["shared2"], k, scale)
    loss = (out - y).square().mean()
    grads = torch.autograd.grad(loss, list(leaf.values()))
    new = {name: layer[name] - lr * grad for name, grad in zip(names, grads)}
    new["bias"] = update_bias(layer["bias"], counts, gamma)
    return new, loss.item(), counts
