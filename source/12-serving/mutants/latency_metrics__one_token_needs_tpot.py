"""One-token answers are held to the TPOT limit with end - first."""
import math

import numpy as np


def latency_metrics(arrival, first, end, ntok, limits):
    arrival, first, end = (np.asarray(x, dtype=np.float64) for x in (arrival, first, end))
    ntok = np.asarray(ntok)
    ttft = first - arrival
    more = ntok > 1
    tpot = (end - first)[more] / (ntok[more] - 1)
    good = ttft <= limits[0]
    good &= (end - first) / np.maximum(ntok - 1, 1) <= limits[1]
    span = end.max() - arrival.min()

    def p(x, q):
        return float(np.percentile(x, q)) if len(x) else math.nan

    return {"ttft_p50": p(ttft, 50), "ttft_p99": p(ttft, 99), "tpot_p50": p(tpot, 50), "tpot_p99": p(tpot, 99),
            "throughput": float(ntok.sum() / span), "goodput": float(good.sum() / span)}
