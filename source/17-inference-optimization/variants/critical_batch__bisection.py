"""A bisection over whole batches, with exact fractions."""
from fractions import Fraction


def linear_cost(B, n_in, n_out, weight_bytes, act_bytes):
    weights = n_in * n_out
    return 2 * weights * B, weights * weight_bytes + act_bytes * (B * n_in + B * n_out)


def attention_cost(B, queries, context, heads, kv_heads, head_dim, act_bytes):
    one = 2 * queries * context * head_dim
    numbers = queries * heads + context * kv_heads
    return B * heads * one * 2, 2 * B * numbers * head_dim * act_bytes


def critical_batch(n_in, n_out, weight_bytes, act_bytes, peak, bandwidth):
    def compute_bound(B):
        flop, moved = linear_cost(B, n_in, n_out, Fraction(weight_bytes), Fraction(act_bytes))
        return Fraction(flop) * bandwidth >= moved * peak

    high = 1
    while not compute_bound(high):
        if high > 1 << 90:
            return None
        high *= 2
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        if compute_bound(middle):
            high = middle
        else:
            low = middle
    return high
