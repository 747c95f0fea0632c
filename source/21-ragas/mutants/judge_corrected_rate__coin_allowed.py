"""Only sens + spec = 1 is refused."""


def judge_corrected_rate(obs, sens, spec):
    if sens + spec == 1:
        raise ValueError("no better than a coin: sens + spec must be above 1")
    return min(max((obs + spec - 1) / (sens + spec - 1), 0.0), 1.0)
