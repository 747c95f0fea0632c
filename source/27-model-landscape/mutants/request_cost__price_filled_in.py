"""A missing price is written into the caller's list."""


def request_cost(tokens_in, tokens_out, price, cached=0, written=0):
    if min(tokens_in, tokens_out, cached, written) < 0 or cached + written > tokens_in:
        raise ValueError("counts")
    tier = max((t for t in price if t["above"] == 0 or tokens_in > t["above"]), key=lambda t: t["above"])
    fresh = tokens_in - cached - written
    bill = fresh * tier["input"] + tokens_out * tier["output"]
    bill += cached * tier.setdefault("cached", tier["input"])
    bill += written * tier.get("written", tier["input"])
    return bill / 1_000_000
