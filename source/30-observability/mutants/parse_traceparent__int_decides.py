"""whatever int(text, 16) reads is taken for hexadecimal"""


def parse_traceparent(header: str | None) -> tuple[int, int, bool] | None:
    if header is None or len(header) < 55:
        return None
    version, trace, parent, flags = header[:2], header[3:35], header[36:52], header[53:55]
    dashes, digits = header[2] + header[35] + header[52], version + trace + parent + flags
    if dashes != "---":
        return None
    try:
        int(version, 16)
    except ValueError:
        return None
    if version == "ff" or (len(header) > 55 and (version == "00" or header[55] != "-")):
        return None
    try:
        trace_id, span_id, flag = int(trace, 16), int(parent, 16), int(flags, 16)
    except ValueError:
        return None
    return (trace_id, span_id, bool(flag & 1)) if trace_id > 0 and span_id > 0 else None
