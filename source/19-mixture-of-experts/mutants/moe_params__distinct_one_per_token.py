"""k = 1 whatever k is, k times."""


def expected_distinct_experts(E, k, B):
    return E * (1 - (1 - 1 / E) ** (k * B))
