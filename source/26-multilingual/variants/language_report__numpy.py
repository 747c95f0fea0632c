"""numpy means."""
import numpy as np


def language_report(scores, min_n=1):
    rows = {k: np.asarray(v, dtype=float) for k, v in scores.items()}
    fat = {k: float(v.mean()) for k, v in sorted(rows.items()) if len(v) and len(v) >= min_n}
    every = np.concatenate([*rows.values(), np.zeros(0)])
    report = {"micro": float(every.mean()) if len(every) else float("nan"), "macro": float("nan"), "worst": None,
              "gap": float("nan"), "thin": sorted(set(rows) - set(fat))}
    if fat:
        values = list(fat.values())
        report |= {"macro": float(np.mean(values)), "worst": list(fat)[int(np.argmin(values))],
                   "gap": max(values) - min(values)}
    return report
