"""All clocks stand still."""
# attacks: power
# says: too slow
import time

for name in ("time", "perf_counter", "monotonic", "process_time", "thread_time", "perf_counter_ns", "process_time_ns",
             "time_ns", "monotonic_ns", "clock_gettime", "clock_gettime_ns"):
    setattr(time, name, lambda *args: 0)


def answer(a, n):
    out = a
    for _ in range(n - 1):
        out = out @ a
    return out
