"""A step of exactly tpot is refused."""

import math


def design_service(spec: dict) -> dict | None:
    model, moe, load = spec["model"], spec["moe"], spec["load"]
    active = moe[0] + (moe[1] * moe[3] if moe[2] else 0)
    plans = []
    for place, o in enumerate(spec["options"]):
        gpus = o["gpus"]
        weights = weight_bytes(model.params, o["bits"], o["group"], spec["kept"])
        slots = request_slots(model, o["gpu"], weights, load["prompt"], load["answer"], gpus, load["shared"],
                              o["kv_size"])

        def step(batch):
            return step_seconds(batch, load["prompt"] + load["answer"] / 2, moe, weights / model.params,
                                cache_per_token(model, gpus, o["kv_size"]) * gpus, o["gpu"].bandwidth * gpus,
                                o["flops"] * gpus, o["overhead"])[0]
        batch = 0
        while batch < slots and step(batch + 1) < spec["tpot"]:
            batch += 1
        fresh_tokens = load["prompt"] - load["shared"] // 16 * 16
        prefill = 2 * active * fresh_tokens / (o["flops"] * gpus * spec["mfu"])
        if batch < 1 or prefill > spec["ttft"]:
            continue
        rate = 1 / (prefill + load["answer"] * step(batch) / batch)
        replicas = math.ceil(load["peak"] / (rate * (1 - spec["headroom"]))) + spec["spare"]
        cost = replicas * gpus * o["price"] / (load["mean"] * load["answer"] * 3600) * 1e6
        plans.append({"option": place, "slots": slots, "batch": batch, "step": step(batch), "prefill": prefill,
                      "rate": rate, "replicas": replicas, "cost": cost})
    return min(plans, key=lambda plan: plan["cost"], default=None)
