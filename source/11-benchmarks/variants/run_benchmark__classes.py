"""Plain loops, numpy means."""

import numpy as np


def few_shot(item, shots):
    lines = []
    for shot in shots:
        if shot["question"] == item["question"]:
            continue
        answer = shot["answer"]
        if "options" in shot:
            answer = shot["options"][answer]
        lines += ["Question: " + shot["question"], "Answer: " + answer, ""]
    return "\n".join(lines + ["Question: " + item["question"], "Answer:"])


def run_benchmark(items, shots, loglik, generate, norm="bytes"):
    out = []
    for item in items:
        prompt = few_shot(item, shots)
        if item.get("options") is not None:
            scores = []
            for option in item["options"]:
                scores.append(loglik(prompt, f" {option}"))
            out.append(1 if mcq_loglik(scores, item["options"], norm, 0) == item["answer"] else 0)
            continue
        text = generate(prompt)
        end = text.find("\nQuestion:")
        got = extract_answer(text if end < 0 else text[:end])
        out.append(1 if got is not None and got == extract_answer(item["answer"]) else 0)
    return out


def summary(a, b, subjects, groups=None, alpha=0.05, n_boot=2000, seed=0):
    if len(a) == 0 or len({len(a), len(b), len(subjects)}) > 1:
        raise ValueError("lengths")
    names = np.array(list(subjects))
    macro = tuple(float(np.mean([np.asarray(m, float)[names == s].mean() for s in sorted(set(names))])) for m in (a, b))
    wins, losses, p = mcnemar_exact(a, b)
    better = None
    if p < alpha:
        better = "a" if wins > losses else "b"
    return dict(micro=(float(np.mean(a)), float(np.mean(b))), macro=macro,
                interval=bootstrap_ci(a, b, groups, alpha, n_boot, seed), p=p, better=better)
