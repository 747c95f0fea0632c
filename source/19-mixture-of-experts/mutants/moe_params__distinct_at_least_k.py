"""Never less than k, for an empty batch too."""


def expected_distinct_experts(E, k, B):
    return max(k, E * (1 - (1 - k / E) ** B))
