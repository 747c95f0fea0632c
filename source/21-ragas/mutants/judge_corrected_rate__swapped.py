"""sens and spec are the wrong way round."""


def judge_corrected_rate(obs, sens, spec):
    if sens + spec <= 1:
        raise ValueError("no better than a coin: sens + spec must be above 1")
    return min(max((obs + sens - 1) / (sens + spec - 1), 0.0), 1.0)
