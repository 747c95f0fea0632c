"""as many devices as experts: the loads are summed over the wrong axis"""
import math

import numpy as np
import torch
import torch.nn.functional as nnf

def update_bias(bias, counts, gamma):
    load = (counts.sum(-1) if counts.dim() == 2 and counts.shape[0] == len(bias) else counts.reshape(-1, counts.shape[-1]).sum(0))
    return bias.detach() + gamma * torch.sign(load.sum() - len(load) * load).to(bias.dtype)
