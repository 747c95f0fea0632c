"""Languages without a score are deleted from the caller's dict."""
import math


def language_report(scores, min_n=1):
    thin = sorted(lang for lang, s in scores.items() if len(s) < max(min_n, 1))
    for t in thin:
        if not scores[t]:
            del scores[t]
    means = {lang: sum(s) / len(s) for lang, s in scores.items() if lang not in thin}
    everything = [x for s in scores.values() for x in s]
    micro = sum(everything) / len(everything) if everything else math.nan
    macro = sum(means.values()) / len(means) if means else math.nan
    worst = min(means, key=lambda lang: (means[lang], lang)) if means else None
    gap = max(means.values()) - min(means.values()) if means else math.nan
    return {"micro": micro, "macro": macro, "worst": worst, "gap": gap, "thin": thin}
