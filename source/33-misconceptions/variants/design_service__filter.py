"""All plans first, those that keep their promises next, sorted last."""

import numpy as np


def design_service(spec: dict) -> dict | None:
    def plan(place):
        o, load, m = spec["options"][place], spec["load"], spec["model"]
        w = weight_bytes(m.params, o["bits"], o["group"], spec["kept"])
        slots = request_slots(m, o["gpu"], w, load["prompt"], load["answer"], o["gpus"], load["shared"], o["kv_size"])
        size = cache_per_token(m, o["gpus"], o["kv_size"]) * o["gpus"]
        steps = {}
        for b in range(1, slots + 1):
            t, _ = step_seconds(b, load["prompt"] + load["answer"] / 2, spec["moe"], w / m.params, size,
                                o["gpu"].bandwidth * o["gpus"], o["flops"] * o["gpus"], o["overhead"])
            if t > spec["tpot"]:
                break
            steps[b] = t
        if not steps:
            return None
        batch = max(steps)
        dense, expert, experts, chosen = spec["moe"]
        work = 2 * (dense + (expert * chosen if experts else 0)) * (load["prompt"] - load["shared"] // 16 * 16)
        prefill = work / (o["flops"] * o["gpus"] * spec["mfu"])
        if prefill > spec["ttft"]:
            return None
        rate = 1 / (prefill + load["answer"] * steps[batch] / batch)
        replicas = int(np.ceil(load["peak"] / (rate * (1 - spec["headroom"])))) + spec["spare"]
        tokens = load["mean"] * load["answer"] * 3600
        return {"cost": replicas * o["gpus"] * o["price"] / tokens * 1e6, "replicas": replicas, "rate": rate,
                "prefill": prefill, "step": steps[batch], "batch": batch, "slots": slots, "option": place}
    plans = filter(None, map(plan, range(len(spec["options"]))))
    return next(iter(sorted(plans, key=lambda p: p["cost"])), None)
