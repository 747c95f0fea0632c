"""A language with exactly min_n scores is thin."""
import math


def language_report(scores, min_n=1):
    every = [s for row in scores.values() for s in row]
    thin = sorted(lang for lang, row in scores.items() if len(row) <= min_n or not row)
    means = {lang: math.fsum(row) / len(row) for lang, row in scores.items() if lang not in thin}
    return {"micro": math.fsum(every) / len(every) if every else math.nan,
            "macro": math.fsum(means.values()) / len(means) if means else math.nan,
            "worst": min(means, key=lambda lang: (means[lang], lang), default=None),
            "gap": max(means.values()) - min(means.values()) if means else math.nan, "thin": thin}
