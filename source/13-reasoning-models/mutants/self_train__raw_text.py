"""The answer is what follows the last tag; cut-off thoughts count as answers."""

OPEN, CLOSE = "<think>", "</think>"


def self_train(base, generate, train, problems: dict[str, str], rounds: int, k: int, cap: int | None = None,
               verify=None):
    def right(question: str, thought: str, answer: str) -> bool:
        if verify is not None:
            return bool(verify(question, thought, answer))
        return same_answer(answer, problems[question])

    model, everything, history = base, [], []
    for _ in range(rounds):
        texts = generate(model, list(problems), k)
        drawn = [(q, text.split(CLOSE)[0].replace(OPEN, "").strip(), text.split(CLOSE)[-1].replace(OPEN, "").strip()) for q, some in zip(problems, texts) for text in some]
        everything += drawn
        pool = rejection_filter(everything, right, cap)
        if pool:
            model = train(base, pool)
        history.append((len(drawn), sum(right(*s) for s in drawn), sum(map(len, pool.values()))))
    return model, history
