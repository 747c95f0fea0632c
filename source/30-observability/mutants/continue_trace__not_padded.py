"""ids without leading zeros"""


def continue_trace(header: str | None, trace_id: int, span_id: int, rate: float) -> tuple[str, int | None]:
    caller = parse_traceparent(header)
    trace_id, parent, keep = caller if caller else (trace_id, None, trace_sampled(trace_id, rate))
    return f"00-{trace_id:x}-{span_id:x}-{int(keep):02x}", parent
