"""bits by a mask, the header by parts"""


def trace_sampled(trace_id, rate):
    if not (rate >= 0 and rate <= 1):
        raise ValueError("rate")
    return (trace_id & 0xFFFFFFFFFFFFFFFF) - round(rate * (1 << 64)) < 0


def continue_trace(header, trace_id, span_id, rate):
    found, parent = parse_traceparent(header), None
    if found is None:
        sampled = trace_sampled(trace_id, rate)
    else:
        trace_id, parent, sampled = found
    return "-".join(["00", hex(trace_id)[2:].zfill(32), hex(span_id)[2:].zfill(16), "01" if sampled else "00"]), parent
