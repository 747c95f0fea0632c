"""The share of experts instead of their number."""


def expected_distinct_experts(E, k, B):
    return 1 - (1 - k / E) ** B
