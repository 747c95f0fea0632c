"""all 128 bits against a bound of 128 bits"""


def trace_sampled(trace_id: int, rate: float) -> bool:
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate lies between 0 and 1, not {rate}")
    return trace_id < round(rate * 2**128)
