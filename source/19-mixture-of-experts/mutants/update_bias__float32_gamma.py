"""gamma rounded to float32"""
import math

import numpy as np
import torch
import torch.nn.functional as F


def update_bias(bias, counts, gamma):
    E = bias.shape[0]
    load = counts.reshape(-1, E).sum(0)
    sign = torch.sign(load.sum() - E * load)
    return bias.detach() + torch.tensor(gamma, dtype=torch.float32) * sign.float()
