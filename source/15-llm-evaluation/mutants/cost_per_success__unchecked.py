"""Impossible accuracies and retries pass."""
import math


def cost_per_success(price_in, price_out, tokens_in, tokens_out, accuracy, retries=0, error_cost=0.0):
    if accuracy == 0:
        return math.inf
    attempt_cost = (price_in * tokens_in + price_out * tokens_out) / 1e6
    failed = (1 - accuracy) ** (retries + 1)
    solved = 1.0 if failed == 0 else -math.expm1((retries + 1) * math.log1p(-accuracy))
    return attempt_cost / accuracy + failed * error_cost / solved  # attempts expected: solved / accuracy
