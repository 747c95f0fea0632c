"""One FLOP a parameter."""


def step_seconds(batch: int, tokens: float, moe: tuple[float, float, int, int], weight_size: float,
                 cache_token: float, bandwidth: float, flops: float, overhead: float = 0.0) -> tuple[float, str]:
    dense, expert, experts, chosen = moe
    read = used = dense
    if experts:
        read = dense + expert * experts * (1 - (1 - chosen / experts) ** batch)
        used = dense + expert * chosen
    reading = (read * weight_size + batch * tokens * cache_token) / bandwidth
    computing = used * batch / flops
    return max(reading, computing) + overhead, "memory" if reading >= computing else "compute"
