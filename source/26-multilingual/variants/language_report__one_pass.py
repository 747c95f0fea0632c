"""Running sums, one pass."""
import math


def language_report(scores, min_n=1):
    total = count = 0
    means, thin = [], []
    for lang in sorted(scores):
        row = scores[lang]
        total += sum(row)
        count += len(row)
        if len(row) == 0 or len(row) < min_n:
            thin.append(lang)
        else:
            means.append((sum(row) / len(row), lang))
    return {"micro": total / count if count else math.nan,
            "macro": sum(v for v, _ in means) / len(means) if means else math.nan,
            "worst": min(means)[1] if means else None,
            "gap": max(means)[0] - min(means)[0] if means else math.nan, "thin": thin}
