"""The cut by re.split, shots by a filter, Counter for macro"""

import re
from collections import Counter
from fractions import Fraction




def few_shot(item, shots):
    parts = []
    for shot in filter(lambda s: s["question"] != item["question"], shots):
        answer = shot["answer"]
        if isinstance(answer, int):
            answer = shot["options"][answer]
        parts += ["Question: ", shot["question"], "\nAnswer: ", answer, "\n\n"]
    return "".join(parts) + "Question: " + item["question"] + "\nAnswer:"


def run_benchmark(items, shots, loglik, generate, norm="bytes"):
    result = []
    for item in items:
        prompt = few_shot(item, shots)
        if isinstance(item["answer"], str):
            out = extract_answer(re.split(r"\nQuestion:", generate(prompt), maxsplit=1)[0])
            result.append(1 if out and out == extract_answer(item["answer"]) else 0)
            continue
        scores = []
        for option in item["options"]:
            scores.append(loglik(prompt, " " + option))
        result.append(1 if mcq_loglik(scores, item["options"], norm) == item["answer"] else 0)
    return result


def summary(a, b, subjects, groups=None, alpha=0.05, n_boot=2000, seed=0):
    if len(a) != len(b) or len(a) != len(subjects) or not len(a):
        raise ValueError("lengths")
    interval = bootstrap_ci(a, b, groups=groups, alpha=alpha, n_boot=n_boot, seed=seed)
    sizes = Counter(subjects)
    macro = [sum(Fraction(int(v), sizes[s]) for s, v in zip(subjects, m)) / len(sizes) for m in (a, b)]
    x, y, p = mcnemar_exact(a, b)
    return {"better": (("b", "a")[x > y] if p < alpha else None), "p": p, "interval": interval,
            "macro": tuple(float(v) for v in macro), "micro": tuple(sum(map(int, m)) / len(a) for m in (a, b))}
