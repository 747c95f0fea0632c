"""Each part by another way, the interval from differences."""

from fractions import Fraction


def run_benchmark(items, shots, loglik, generate, norm="bytes"):
    def choice(item):
        prompt = few_shot(item, shots)
        return mcq_loglik([loglik(prompt, " " + o) for o in item["options"]], item["options"], norm)

    def number(item):
        return extract_answer(generate(few_shot(item, shots)).partition("\nQuestion:")[0])

    def is_right(item):
        if "options" in item:
            return choice(item) == item["answer"]
        said = number(item)
        return said is not None and Fraction(said) == Fraction(extract_answer(item["answer"]))

    return [int(is_right(item)) for item in items]


def summary(a, b, subjects, groups=None, alpha=0.05, n_boot=2000, seed=0):
    n = len(a)
    if n == 0 or len(b) != n or len(subjects) != n or (groups is not None and len(groups) != n):
        raise ValueError("lengths")
    weight = {s: list(subjects).count(s) for s in set(subjects)}
    macro = [sum(r / weight[s] for r, s in zip(m, subjects)) / len(weight) for m in (a, b)]
    only_a, only_b, p = mcnemar_exact(a, b)
    interval = bootstrap_ci([x - y for x, y in zip(a, b)], None, groups, alpha, n_boot, seed)
    return {"better": ("a" if only_a > only_b else "b") if p < alpha else None, "p": p, "interval": interval,
            "macro": tuple(macro), "micro": (sum(a) / n, sum(b) / n)}
