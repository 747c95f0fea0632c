"""only a trace id of zeros is refused"""


def parse_traceparent(header: str | None) -> tuple[int, int, bool] | None:
    if header is None or len(header) < 55:
        return None
    version, trace, parent, flags = header[:2], header[3:35], header[36:52], header[53:55]
    dashes, digits = header[2] + header[35] + header[52], version + trace + parent + flags
    if dashes != "---" or set(digits) - set("0123456789abcdef"):
        return None
    if version == "ff" or (len(header) > 55 and (version == "00" or header[55] != "-")):
        return None
    trace_id, span_id = int(trace, 16), int(parent, 16)
    return (trace_id, span_id, bool(int(flags, 16) & 1)) if trace_id else None
