"""NaN where there is no TPOT, and nanpercentile; the values stay numpy numbers."""
import numpy as np
import warnings


def latency_metrics(arrival, first, end, ntok, limits):
    arrival, first, end, ntok = [np.array(x, dtype=float) for x in (arrival, first, end, ntok)]
    ttft = first - arrival
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore")
        tpot = np.where(ntok == 1, np.nan, (end - first) / (ntok - 1))
        ttft_p50, ttft_p99 = np.nanpercentile(ttft, [50, 99])
        tpot_p50, tpot_p99 = np.nanpercentile(tpot, [50, 99])
    span = np.max(end) - np.min(arrival)
    good = np.count_nonzero((ttft <= limits[0]) & ~(tpot > limits[1]))
    return dict(ttft_p50=ttft_p50, ttft_p99=ttft_p99, tpot_p50=tpot_p50, tpot_p99=tpot_p99, throughput=np.sum(ntok) / span,
                goodput=good / span)
