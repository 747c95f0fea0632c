"""split at the dashes"""


def parse_traceparent(header):
    parts = (header or "").split("-")
    if len(parts) < 4 or [len(p) for p in parts[:4]] != [2, 32, 16, 2]:
        return None
    version, trace, parent, flags = parts[:4]
    if any(c not in "0123456789abcdef" for c in "".join(parts[:4])) or version == "ff":
        return None
    if version == "00" and len(parts) > 4:
        return None
    if set(trace) == {"0"} or set(parent) == {"0"}:
        return None
    return int(trace, 16), int(parent, 16), flags[1] in "13579bdf"
