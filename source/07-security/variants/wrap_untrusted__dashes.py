"""A dash behind each first character of the nonce where the data hold it, doubled backslashes, a walk to read it."""


def wrap_untrusted(data, nonce):
    if len(nonce) < 8 or set(nonce) - set("0123456789abcdef"):
        raise ValueError("no nonce")
    small = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in data)
    out = []
    for i, c in enumerate(data):
        out.append("\\\\" if c == "\\" else c)
        if small.startswith(nonce, i):
            out.append("\\-")
    return "<data " + nonce + ">\n" + "".join(out) + "\n</data " + nonce + ">"


def unwrap(block, nonce):
    lines = block.split("\n")
    if len(lines) < 3 or lines[0] != f"<data {nonce}>" or lines[-1] != f"</data {nonce}>":
        raise ValueError("frame")
    body = "\n".join(lines[1:-1])
    if nonce in body.lower():
        raise ValueError("nonce inside")
    out, i = [], 0
    while i < len(body):
        if body[i] == "\\":
            if body[i + 1] == "\\":
                out.append("\\")
            i += 2
        else:
            out.append(body[i])
            i += 1
    return "".join(out)
