"""Whole eighths and floor division; costs from lists."""

def linear_cost(B, n_in, n_out, weight_bytes, act_bytes):
    moved = [n_in * n_out * weight_bytes, B * n_in * act_bytes, B * n_out * act_bytes]
    return 2.0 * B * n_in * n_out, float(sum(moved))


def attention_cost(B, queries, context, heads, kv_heads, head_dim, act_bytes):
    flop = 0
    for _ in ("scores", "values"):
        flop += 2 * B * heads * queries * context * head_dim
    q = out = B * heads * queries * head_dim
    k = v = B * kv_heads * context * head_dim
    return flop, (q + k + v + out) * act_bytes


def critical_batch(n_in, n_out, weight_bytes, act_bytes, peak, bandwidth):
    w, a = int(weight_bytes * 8), int(act_bytes * 8)
    need = n_in * n_out * w * peak
    per_row = 16 * n_in * n_out * bandwidth - (n_in + n_out) * a * peak
    return -(-need // per_row) if per_row > 0 else None
