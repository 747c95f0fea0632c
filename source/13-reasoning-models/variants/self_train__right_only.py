"""Keeps right samples only, and filters them again."""


def self_train(base, generate, train, problems, rounds, k, cap=None, verify=None):
    model, kept, history = base, [], []
    for _ in range(rounds):
        texts = generate(model, list(problems), k)
        drawn = [(q, *parse_think(t)) for q, ts in zip(problems, texts) for t in ts]
        good = [(q, t, a) for q, t, a in drawn
                if (same_answer(a, problems[q]) if verify is None else verify(q, t, a))]
        kept.extend(good)
        pool = rejection_filter(kept, lambda q, t, a: True, cap)
        model = train(base, pool) if pool else model
        history.append((len(drawn), len(good), sum(len(v) for v in pool.values())))
    return model, history
