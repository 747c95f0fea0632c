"""A loop that counts."""


def _share(text, contexts, split, judge):
    kept = []
    for s in split(text):
        s = s.strip()
        if s != "":
            kept.append(s)
    if len(kept) == 0:
        return float("nan")
    if len(contexts) == 0:
        return 0.0
    yes = 0
    verdicts = judge("\n".join(contexts), kept)
    if len(verdicts) != len(kept):
        raise ValueError("the judge left something out")
    for v in verdicts:
        if v:
            yes += 1
    return yes / len(kept)


def faithfulness(answer, contexts, split, judge):
    return _share(answer, contexts, split, judge)


def context_recall(reference, contexts, split, judge):
    return _share(reference, contexts, split, judge)
