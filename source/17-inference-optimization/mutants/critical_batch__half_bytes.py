"""Weights' bytes limited to halves."""

import math
from fractions import Fraction


def linear_cost(B, n_in, n_out, weight_bytes, act_bytes):
    return 2 * B * n_in * n_out, n_in * n_out * weight_bytes + B * (n_in + n_out) * act_bytes


def attention_cost(B, queries, context, heads, kv_heads, head_dim, act_bytes):
    flop = 4 * B * heads * queries * context * head_dim
    moved = (2 * B * heads * queries * head_dim + 2 * B * kv_heads * context * head_dim) * act_bytes
    return flop, moved


def critical_batch(n_in, n_out, weight_bytes, act_bytes, peak, bandwidth):
    w, a = Fraction(weight_bytes).limit_denominator(2), Fraction(act_bytes)
    gain = 2 * n_in * n_out * bandwidth - peak * (n_in + n_out) * a
    if gain <= 0:
        return None
    return max(1, math.ceil(peak * n_in * n_out * w / gain))
