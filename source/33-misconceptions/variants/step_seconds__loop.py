"""Expected experts one request at a time."""


def step_seconds(batch: int, tokens: float, moe: tuple[float, float, int, int], weight_size: float,
                 cache_token: float, bandwidth: float, flops: float, overhead: float = 0.0) -> tuple[float, str]:
    dense, expert, experts, chosen = moe
    seen = 0.0
    for _ in range(batch if experts else 0):
        seen += (experts - seen) * chosen / experts
    weights = dense + (seen * expert if experts else 0)
    active = dense + (chosen * expert if experts else 0)
    times = {"memory": (weights * weight_size + cache_token * batch * tokens) / bandwidth,
             "compute": batch * active * 2 / flops}
    regime = max(times, key=times.__getitem__)
    return times[regime] + overhead, regime
