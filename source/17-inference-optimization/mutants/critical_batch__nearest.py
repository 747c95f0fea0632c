"""Rounded to the nearest."""
from fractions import Fraction


def linear_cost(B, n_in, n_out, weight_bytes, act_bytes):
    return 2 * B * n_in * n_out, n_in * n_out * weight_bytes + B * (n_in + n_out) * act_bytes


def attention_cost(B, queries, context, heads, kv_heads, head_dim, act_bytes):
    flop = 2 * 2 * B * queries * context * heads * head_dim
    numbers = 2 * context * kv_heads * head_dim + 2 * queries * heads * head_dim
    return flop, B * numbers * act_bytes


def critical_batch(n_in, n_out, weight_bytes, act_bytes, peak, bandwidth):
    weights = Fraction(weight_bytes) * n_in * n_out * peak
    gain = 2 * n_in * n_out * bandwidth - Fraction(act_bytes) * (n_in + n_out) * peak  # of every row
    if gain <= 0:
        return None
    return max(1, round(weights / gain))
