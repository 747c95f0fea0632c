"""With exact fractions."""

from fractions import Fraction


def request_cost(tokens_in, tokens_out, price, cached=0, written=0):
    lines = {"input": tokens_in - cached - written, "cached": cached, "written": written, "output": tokens_out}
    if any(n < 0 for n in lines.values()):
        raise ValueError("negative")
    best = None
    for tier in price:
        if (tier["above"] == 0 or tokens_in > tier["above"]) and (best is None or tier["above"] > best["above"]):
            best = tier
    total = sum(Fraction(n) * Fraction(best.get(kind, best["input"])) for kind, n in lines.items())
    return float(total / 1_000_000)
