"""Means are compared at two digits."""
import math


def language_report(scores, min_n=1):
    thin = sorted(lang for lang, s in scores.items() if len(s) < max(min_n, 1))
    every = [float(x) for s in scores.values() for x in s]
    means = {lang: math.fsum(s) / len(s) for lang, s in scores.items() if lang not in thin}
    return {"thin": thin,
            "micro": math.fsum(every) / len(every) if every else math.nan,
            "macro": math.fsum(means.values()) / len(means) if means else math.nan,
            "worst": min(means, key=lambda lang: (round(means[lang], 2), lang)) if means else None,
            "gap": max(means.values()) - min(means.values()) if means else math.nan}
