"""Climbs the tiers in order."""

def request_cost(tokens_in, tokens_out, price, cached=0, written=0):
    if tokens_in < 0 or tokens_out < 0 or cached < 0 or written < 0 or cached + written > tokens_in:
        raise ValueError("counts")
    tiers = sorted(price, key=lambda t: t["above"])
    tier = tiers[0]
    for t in tiers[1:]:
        if tokens_in > t["above"]:
            tier = t
    read = tier["cached"] if "cached" in tier else tier["input"]
    write = tier["written"] if "written" in tier else tier["input"]
    return (tokens_in - cached - written) / 1e6 * tier["input"] + cached / 1e6 * read + written / 1e6 * write \
        + tokens_out / 1e6 * tier["output"]
