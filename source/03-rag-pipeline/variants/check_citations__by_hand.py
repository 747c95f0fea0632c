"""Brackets are searched by hand; the report is built at the end."""


def grounded_prompt(question, passages):
    if len(passages) == 0:
        raise ValueError("no passages")
    table = str.maketrans("[]", "()")
    prompt = RULES + "\n\n"
    for i in range(len(passages)):
        prompt += f"[{i + 1}] " + " ".join(passages[i].translate(table).split()) + "\n"
    return prompt + "\nQuestion: " + " ".join(question.translate(table).split())


def check_citations(answer, passages):
    cited, unknown, uncited, unsupported = set(), set(), [], []
    if answer.strip() != ABSTAIN:
        for i, sentence in enumerate(sentences(answer)):
            pieces, own = sentence.split("["), set()
            rest = pieces[0]
            for piece in pieces[1:]:
                inside, closed, after = piece.partition("]")
                parts = [p.strip() for p in inside.split(",")]
                if closed and all(p.isdecimal() for p in parts):
                    own |= set(map(int, parts))
                    rest += " " + after
                else:
                    rest += "[" + piece
            good = {n for n in own if 0 < n <= len(passages)}
            cited |= good
            unknown |= own - good
            if not good:
                uncited.append(i)
            having = set().union(*(numbers(passages[n - 1]) for n in good))
            if not numbers(rest) <= having:
                unsupported.append(i)
    return dict(cited=sorted(cited), unknown=sorted(unknown), uncited=uncited, unsupported=unsupported)
