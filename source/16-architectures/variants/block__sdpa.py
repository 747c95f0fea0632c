"""PyTorch's own attention unless scores are capped; norms and gate by hand."""
import torch
import torch.nn.functional as F


def block(x, w, c, mask, order="pre", cap=None):
    B, T, _ = x.shape

    def heads(y, name, n):
        return torch.stack([F.linear(y, w[name][h * c.head_dim:(h + 1) * c.head_dim]) for h in range(n)], 1)

    def attention(y):
        q, k, v = heads(y, "q", c.heads), heads(y, "k", c.kv_heads), heads(y, "v", c.kv_heads)
        if w.get("q_norm") is not None:
            q = rms_norm(q, w["q_norm"], c.eps)
            k = rms_norm(k, w["k_norm"], c.eps)
        q, k = turned(q, c.base), turned(k, c.base)
        if cap is None:
            out = F.scaled_dot_product_attention(q, k, v, mask.unsqueeze(1), enable_gqa=True)
        else:
            q = q.unflatten(1, (c.kv_heads, -1))
            s = torch.einsum("bkgte,bkse->bkgts", q, k) * c.head_dim ** -0.5
            s = torch.where(mask[:, None, None], torch.tanh(s / cap) * cap, float("-inf"))
            out = torch.einsum("bkgts,bkse->bkgte", torch.softmax(s, -1), v).flatten(1, 2)
        return F.linear(out.permute(0, 2, 1, 3).reshape(B, T, -1), w["out"])

    def mlp(y):
        return F.linear(F.silu(F.linear(y, w["gate"])) * F.linear(y, w["up"]), w["down"])

    if order not in ("pre", "post", "parallel"):
        raise ValueError("order")
    if order == "post":
        y = rms_norm(x + attention(x), w["norm1"], c.eps)
        return rms_norm(y + mlp(y), w["norm2"], c.eps)
    n = rms_norm(x, w["norm1"], c.eps)
    y = x + attention(n)
    return y + (mlp(n) if order == "parallel" else mlp(rms_norm(y, w["norm2"], c.eps)))
