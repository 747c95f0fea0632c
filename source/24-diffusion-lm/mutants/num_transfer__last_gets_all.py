"""The last step takes the remainder."""
from torch import Tensor


def num_transfer(count: Tensor, steps: int) -> Tensor:
    count = count.long()[:, None]
    out = (count // steps).repeat(1, steps)
    out[:, -1:] += count % steps
    return out
