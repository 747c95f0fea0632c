"""The batch by bisection, one best plan kept."""

import math


def design_service(spec: dict) -> dict | None:
    model, load, best = spec["model"], spec["load"], None
    dense, expert, experts, chosen = spec["moe"]
    active = dense + expert * chosen if experts else dense
    for i, option in enumerate(spec["options"]):
        n, gpu = option["gpus"], option["gpu"]
        weights = weight_bytes(model.params, bits=option["bits"], group=option["group"], kept=spec["kept"])
        slots = request_slots(model, gpu, weights, load["prompt"], load["answer"], gpus=n, shared=load["shared"],
                              kv_size=option["kv_size"])
        per_token = n * cache_per_token(model, n, option["kv_size"])

        def step(b):
            return step_seconds(b, load["prompt"] + 0.5 * load["answer"], spec["moe"], weights / model.params, per_token,
                                n * gpu.bandwidth, n * option["flops"], option["overhead"])[0]
        if slots < 1 or step(1) > spec["tpot"]:
            continue
        low, high = 1, slots + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if step(middle) <= spec["tpot"] else (low, middle)
        prefill = 2 * active * (load["prompt"] - load["shared"] + load["shared"] % 16) / spec["mfu"] / n / option["flops"]
        if prefill > spec["ttft"]:
            continue
        busy = prefill + load["answer"] * step(low) / low
        replicas = spec["spare"] + math.ceil(load["peak"] * busy / (1 - spec["headroom"]))
        hour = replicas * n * option["price"]
        plan = dict(option=i, slots=slots, batch=low, step=step(low), prefill=prefill, rate=1 / busy, replicas=replicas,
                    cost=1e6 * hour / (3600 * load["mean"] * load["answer"]))
        if best is None or plan["cost"] < best["cost"]:
            best = plan
    return best
