"""The micro average is the mean of the languages' means."""
import math


def language_report(scores, min_n=1):
    every = [s for row in scores.values() for s in row]
    thin = sorted(lang for lang, row in scores.items() if len(row) < max(min_n, 1))
    means = {lang: math.fsum(row) / len(row) for lang, row in scores.items() if lang not in thin}
    return {"micro": math.fsum(map(lambda r: math.fsum(r) / len(r), filter(None, scores.values()))) / max(1, len([r for r in scores.values() if r])) if every else math.nan,
            "macro": math.fsum(means.values()) / len(means) if means else math.nan,
            "worst": min(means, key=lambda lang: (means[lang], lang), default=None),
            "gap": max(means.values()) - min(means.values()) if means else math.nan, "thin": thin}
