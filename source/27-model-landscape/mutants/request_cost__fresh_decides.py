"""Only fresh tokens decide about the tier."""


def request_cost(tokens_in: int, tokens_out: int, price: list[dict], cached: int = 0, written: int = 0) -> float:
    fresh_in = tokens_in - cached - written
    if min(fresh_in, cached, written, tokens_out) < 0:
        raise ValueError("counts are not negative, and cached and written tokens are input tokens")
    held = [tier for tier in price if tier["above"] == 0 or fresh_in > tier["above"]]
    tier = max(held, key=lambda tier: tier["above"])
    dollars = (fresh_in * tier["input"] + cached * tier.get("cached", tier["input"])
               + written * tier.get("written", tier["input"]) + tokens_out * tier["output"])
    return dollars / 1e6
