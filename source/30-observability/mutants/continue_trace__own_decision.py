"""each service decides by its own rate"""


def continue_trace(header: str | None, trace_id: int, span_id: int, rate: float) -> tuple[str, int | None]:
    caller = parse_traceparent(header)
    trace_id, parent, keep = (*caller[:2], trace_sampled(caller[0], rate)) if caller else (trace_id, None, trace_sampled(trace_id, rate))
    return f"00-{trace_id:032x}-{span_id:016x}-{int(keep):02x}", parent
