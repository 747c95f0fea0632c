"""The mark is the same for every block."""
import re


def wrap_untrusted(data, nonce):
    if not re.fullmatch("[0-9a-f]{8,}", nonce):
        raise ValueError("no nonce")
    return f"<data>\n{data}\n</data>"


def unwrap(block, nonce):
    if not re.fullmatch("(?s)<data>\n.*\n</data>", block):
        raise ValueError("no block")
    return block[7:-8]
