"""A trained model None is taken for no model: the base writes again."""



def self_train(base, generate, train, problems, rounds, k, cap=None, verify=None):
    if verify is None:
        def verify(question, thought, answer):
            return same_answer(answer, problems[question])
    model, samples, history = base, [], []
    for _ in range(rounds):
        questions = list(problems)
        texts = generate(base if model is None else model, questions, k)
        new = [(q, *parse_think(t)) for q, ts in zip(questions, texts) for t in ts]
        samples += new
        pool = rejection_filter(samples, verify, cap)
        if pool:
            model = train(base, pool)
        history.append((len(new), sum(bool(verify(*s)) for s in new), sum(map(len, pool.values()))))
    return model, history
