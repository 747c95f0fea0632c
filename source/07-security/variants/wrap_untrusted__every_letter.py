"""Where the nonce stands, the whole body is written in numbers."""
import re


def wrap_untrusted(data, nonce):
    if re.fullmatch(r"[0-9a-f]{8}[0-9a-f]*", nonce) is None:
        raise ValueError("no nonce")
    body = data
    if nonce in data.lower() or "\\" in data:
        body = "\\" + " ".join("+".join("g" + d for d in str(ord(c))) for c in data)
    return f"<data {nonce}>\n{body}\n</data {nonce}>"


def unwrap(block, nonce):
    found = re.fullmatch(f"(?s)<data {re.escape(nonce)}>\n(.*)\n</data {re.escape(nonce)}>", block)
    if not found or nonce in found[1].lower():
        raise ValueError("no block of this nonce")
    body = found[1]
    if body[:1] != "\\":
        return body
    return "".join(chr(int(part.replace("g", "").replace("+", ""))) for part in body[1:].split())
