"""Rounded to two digits."""


def expected_distinct_experts(E, k, B):
    return round(E * (1 - (1 - k / E) ** B), 2)
