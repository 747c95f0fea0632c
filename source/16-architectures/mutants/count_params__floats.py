"""Counts in floats, which keep 16 digits."""
import math

import numpy as np
import torch
import torch.nn.functional as F

def count_params(shape):
    s, D = shape, shape.width
    once = s.vocab * D * (1 if s.tied else 2) + D
    if s.latent is None:
        att = 2 * s.heads * s.head_dim * D + 2 * s.kv_heads * s.head_dim * D
        if s.qkv_bias:
            att += (s.heads + 2 * s.kv_heads) * s.head_dim
        if s.qk_norm:
            att += 2 * s.head_dim
    else:
        qr, kr, nope, rope, value = s.latent
        att = D * (kr + rope) + kr + kr * s.heads * (nope + value) + s.heads * value * D
        if qr:
            att += D * qr + qr + qr * s.heads * (nope + rope)
        else:
            att += D * s.heads * (nope + rope)
    dense = s.layers if s.experts == 0 else min(s.dense_layers, s.layers)
    sparse = s.layers - dense
    one = 3 * D * s.expert_hidden
    rest = once + s.layers * (2 * D + att) + dense * 3 * D * s.hidden + sparse * (D * s.experts + s.shared * one)
    return float(rest + sparse * s.experts * one), float(rest) + sparse * s.chosen * one
