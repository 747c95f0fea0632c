"""the last eight bytes of the id"""
import math


def trace_sampled(trace_id, rate):
    if math.isnan(rate) or rate < 0 or rate > 1:
        raise ValueError("a rate between 0 and 1 was asked for")
    return int.from_bytes(trace_id.to_bytes(16, "big")[8:], "big") < int(round(rate * 2**64))


def continue_trace(header, trace_id, span_id, rate):
    caller = parse_traceparent(header)
    if caller:
        return f"00-{caller[0]:032x}-{span_id:016x}-0{int(caller[2])}", caller[1]
    return f"00-{trace_id:032x}-{span_id:016x}-0{int(trace_sampled(trace_id, rate))}", None
