"""a pattern whose dot stops at a line break, also in what a later version adds"""
import re


def parse_traceparent(header: str | None) -> tuple[int, int, bool] | None:
    found = re.fullmatch("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", header or "")
    if not found or found[1] == "ff" or (found[1] == "00" and found[5] is not None):
        return None
    trace_id, span_id = int(found[2], 16), int(found[3], 16)
    return (trace_id, span_id, bool(int(found[4], 16) & 1)) if trace_id and span_id else None
