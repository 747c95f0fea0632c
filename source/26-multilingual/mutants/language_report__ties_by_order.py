"""Ties of the worst go to the language met first."""
import math


def language_report(scores, min_n=1):
    every = [s for row in scores.values() for s in row]
    thin = sorted(lang for lang, row in scores.items() if len(row) < max(min_n, 1))
    means = {lang: math.fsum(row) / len(row) for lang, row in scores.items() if lang not in thin}
    return {"micro": math.fsum(every) / len(every) if every else math.nan,
            "macro": math.fsum(means.values()) / len(means) if means else math.nan,
            "worst": min(means, key=means.__getitem__, default=None),
            "gap": max(means.values()) - min(means.values()) if means else math.nan, "thin": thin}
