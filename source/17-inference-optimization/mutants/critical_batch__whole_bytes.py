"""Whole bytes: attention at an eighth of a byte is rounded."""

from fractions import Fraction


def linear_cost(B, n_in, n_out, weight_bytes, act_bytes):
    flop = 2 * B * n_in * n_out
    return flop, n_in * n_out * weight_bytes + B * (n_in + n_out) * act_bytes


def attention_cost(B, queries, context, heads, kv_heads, head_dim, act_bytes):
    flop = 4 * B * heads * queries * context * head_dim
    numbers = 2 * B * queries * heads * head_dim + 2 * B * context * kv_heads * head_dim
    return flop, int(numbers * act_bytes)


def critical_batch(n_in, n_out, weight_bytes, act_bytes, peak, bandwidth):
    w, a = Fraction(weight_bytes), Fraction(act_bytes)
    gain = 2 * n_in * n_out * bandwidth - peak * a * (n_in + n_out)
    need = peak * w * n_in * n_out
    if gain <= 0:
        return None
    return max(1, -int(-need // gain))
