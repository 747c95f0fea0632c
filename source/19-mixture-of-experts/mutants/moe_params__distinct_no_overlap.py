"""No two tokens ever share an expert."""


def expected_distinct_experts(E, k, B):
    return float(min(E, k * B))
