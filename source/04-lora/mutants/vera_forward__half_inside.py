"""Everything in the dtype of x."""


def vera_forward(x, W, A, B, d, b):
    wide = x.dtype
    out, n_in = W.shape
    x_wide = x.to(wide)
    A, B = A[:, :n_in].detach().to(wide), B[:out].detach().to(wide)
    update = (x_wide @ A.T * d.to(wide)) @ B.T * b.to(wide)
    return (x_wide @ W.to(wide).T + update).to(x.dtype)
