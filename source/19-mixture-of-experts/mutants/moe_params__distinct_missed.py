"""The experts that nobody chose."""


def expected_distinct_experts(E, k, B):
    return E * (1 - k / E) ** B
