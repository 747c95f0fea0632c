"""the high 64 bits decide"""


def trace_sampled(trace_id: int, rate: float) -> bool:
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate lies between 0 and 1, not {rate}")
    return (trace_id >> 64) < round(rate * 2**64)
