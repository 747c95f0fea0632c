"""total counts from the first token of the answer."""


def answer_time(parts: list[tuple[int, int, float]], prompt: int, think: int, answer: int, bandwidth: float,
                flops: float,
                kv_bytes: int = 0) -> tuple[float, float, float]:
    memory = sum(total * bits / 8 for total, _, bits in parts)
    read = sum(active * bits / 8 for _, active, bits in parts)
    prefill = 2 * sum(active for _, active, _ in parts) * prompt / flops

    def after(steps: int) -> float:
        cached = steps * prompt + steps * (steps + 1) // 2  # tokens, summed over the steps
        return prefill + (steps * read + kv_bytes * cached) / bandwidth

    return float(memory), after(think), after(think + answer - 1) - after(think)
