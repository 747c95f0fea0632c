"""Loops and a list of lists."""


def self_train(base, generate, train, problems, rounds, k, cap=None, verify=None):
    check = verify or (lambda q, t, a: same_answer(a, problems[q]))
    questions = list(problems.keys())
    model, samples, history = base, [], []
    while len(history) < rounds:
        right = count = 0
        for question, texts in zip(questions, generate(model, questions, k)):
            for text in texts:
                thought, answer = parse_think(text)
                samples.append((question, thought, answer))
                count += 1
                if check(question, thought, answer):
                    right += 1
        pool = rejection_filter(samples, check, cap)
        if len(pool) > 0:
            model = train(base, pool)
        history.append((count, right, sum(len(traces) for traces in pool.values())))
    return model, history
