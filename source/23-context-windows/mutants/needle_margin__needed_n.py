"""margin_for forgets 1 - p."""
import math


def margin_for(n: float, p: float) -> float:
    if n < 0 or not 0 < p < 1:
        raise ValueError("n must be 0 or more and p between 0 and 1")
    return -math.inf if n == 0 else math.log(n) + math.log(p)
