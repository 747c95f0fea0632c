"""Loops and a percentile by hand."""
import math


def latency_metrics(arrival, first, end, ntok, limits):
    ttft, tpot, good = [], [], 0
    for a, f, e, n in zip(arrival, first, end, ntok):
        ttft.append(float(f) - float(a))
        kept = ttft[-1] <= limits[0]
        if n > 1:
            tpot.append((float(e) - float(f)) / (int(n) - 1))
            kept = kept and tpot[-1] <= limits[1]
        good += kept

    def percentile(values, q):
        if not values:
            return math.nan
        values, at = sorted(values), q * (len(values) - 1) / 100
        low = int(at)
        high = min(low + 1, len(values) - 1)
        return values[low] * (1 - (at - low)) + values[high] * (at - low)

    span = float(max(end)) - float(min(arrival))
    return {"ttft_p50": percentile(ttft, 50), "ttft_p99": percentile(ttft, 99), "tpot_p50": percentile(tpot, 50),
            "tpot_p99": percentile(tpot, 99), "throughput": int(sum(ntok)) / span, "goodput": int(good) / span}
