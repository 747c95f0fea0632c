"""Solved is about attempts times accuracy, where that is small."""
import math


def cost_per_success(price_in, price_out, tokens_in, tokens_out, accuracy, retries=0, error_cost=0.0):
    if not 0 <= accuracy <= 1 or retries < 0:
        raise ValueError("accuracy or retries")
    if accuracy == 0:
        return math.inf
    attempt = (price_in * tokens_in + price_out * tokens_out) / 1e6
    unsolved = (1 - accuracy) ** (retries + 1)
    if accuracy < 0.01:
        solved = min(1.0, (retries + 1) * accuracy)
    else:
        solved = 1 - unsolved
    tries = solved / accuracy
    return float((attempt * tries + unsolved * error_cost) / solved)
