"""a rate outside [0, 1] is clamped"""


def trace_sampled(trace_id: int, rate: float) -> bool:
    if not 0 <= rate <= 1:
        rate = 1.0 if rate > 1 else 0.0
    return trace_id % 2**64 < round(rate * 2**64)
