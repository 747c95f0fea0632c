"""A limit that is exactly met counts as missed."""
import numpy as np


def latency_metrics(arrival, first, end, ntok, limits):
    arrival, first, end, ntok = (np.asarray(x, dtype=np.float64) for x in (arrival, first, end, ntok))
    ttft, several = (first - arrival, ntok > 1)
    tpot = np.where(several, (end - first) / np.maximum(ntok - 1, 1), np.nan)
    span = end.max() - arrival.min()
    good = (ttft < limits[0]) & (~several | (tpot < limits[1]))
    table = {'throughput': ntok.sum() / span, 'goodput': good.sum() / span}
    for name, x in [('ttft', ttft), ('tpot', tpot[several])]:
        for q in (50, 99):
            table[f'{name}_p{q}'] = np.percentile(x, q) if len(x) else np.nan
    return {name: float(x) for name, x in table.items()}
