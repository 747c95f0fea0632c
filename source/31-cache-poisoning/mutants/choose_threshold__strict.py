"""A similarity equal to the threshold is not served."""
import math

import torch
from jaxtyping import Float
from torch import Tensor


def choose_threshold(right: Float[Tensor, "M"], wrong: Float[Tensor, "N"], share_right: float, cost_wrong: float,
                     cost_miss: float) -> tuple[float, float, float, float]:
    if len(right) == 0 or len(wrong) == 0 or not 0 <= share_right <= 1 or cost_wrong < 0 or cost_miss < 0:
        raise ValueError("similarities of both kinds, a share in [0, 1] and costs that are not negative are needed")
    right, wrong = right.double().sort().values, wrong.double().sort().values
    candidates = torch.cat([right, wrong, torch.tensor([math.inf])]).unique()
    hit = 1 - torch.searchsorted(right, candidates, right=True).double() / len(right)
    false = 1 - torch.searchsorted(wrong, candidates, right=True).double() / len(wrong)
    other = 1 - share_right
    cost = cost_miss * (share_right * (1 - hit) + other * (1 - false)) + cost_wrong * other * false
    i = int((cost == cost.min()).nonzero()[-1])
    return float(candidates[i]), float(cost[i]), float(hit[i]), float(false[i])
