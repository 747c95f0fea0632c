"""Options are asked in the order of the alphabet."""

from collections.abc import Callable, Sequence

from torch import Tensor


def run_benchmark(items: Sequence[dict], shots: Sequence[dict], loglik: Callable[[str, str], Tensor],
                  generate: Callable[[str], str], norm: str = "bytes") -> list[int]:
    """1 or 0 for each item: by likelihood where it has options, else by the number generated.

    No items: [].
    """
    right = []
    for item in items:
        prompt = few_shot(item, shots)
        if "options" in item:
            by = {option: loglik(prompt, " " + option) for option in sorted(set(item["options"]))}
            logps = [by[option] for option in item["options"]]
            right.append(int(mcq_loglik(logps, item["options"], norm) == item["answer"]))
        else:
            said = extract_answer(generate(prompt).split("\nQuestion:")[0])
            right.append(int(said is not None and said == extract_answer(item["answer"])))
    return right
