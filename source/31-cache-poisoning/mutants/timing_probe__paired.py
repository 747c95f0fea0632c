"""Only pairs of one round are compared."""


def timing_probe(ask, base, paraphrases, nonce):
    n = len(paraphrases)
    if n < 5:
        raise ValueError("too few")
    ask(base)
    b, p, x = [], [], []
    for text in paraphrases:
        b.append(ask(base))
        p.append(ask(text))
        x.append(ask(nonce()))

    def median(v):
        v = sorted(v)
        return (v[(len(v) - 1) // 2] + v[len(v) // 2]) / 2

    def faster(a):
        u = sum((s < t) + (s == t) / 2 for s, t in zip(a, x)) * n
        z = (u - n * n / 2) / (n * n * (2 * n + 1) / 12) ** 0.5
        return median(a) < median(x) / 2 and z > 2.326

    if not faster(b):
        return "none"
    return "semantic" if faster(p) else "exact"
