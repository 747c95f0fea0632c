"""parameters as floats"""
import math

import numpy as np
import torch
import torch.nn.functional as F


def moe_params(vocab, D, layers, attention, F, E, k, shared=0, dense_layers=0, dense_F=0):
    sparse = layers - dense_layers
    rest = 2 * vocab * D + D + layers * (attention + 2 * D) + dense_layers * 3 * D * dense_F
    rest += sparse * (E * D + shared * 3 * D * F)
    return float(rest + sparse * E * 3 * D * F), 0.0 + rest + sparse * k * 3 * D * F


def expected_distinct_experts(E, k, B):
    return E * (1 - (1 - k / E) ** B)
