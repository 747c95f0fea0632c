"""timed: BA is formed first."""


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    r = A.shape[0]
    scale = alpha / (r ** 0.5 if rank_stabilised else r)
    y = x @ W.T + x @ (scale * (B @ A)).T
    return y if bias is None else y + bias
