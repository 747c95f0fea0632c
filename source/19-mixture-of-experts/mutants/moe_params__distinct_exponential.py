"""The approximation E (1 - exp(-k B / E))."""
import math


def expected_distinct_experts(E, k, B):
    return E * (1 - math.exp(-k * B / E))
