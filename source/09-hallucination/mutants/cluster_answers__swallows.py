"""An error of entails counts as no."""


def cluster_answers(answers, entails):
    firsts: list[str] = []
    known: dict[str, int] = {}
    for answer in answers:
        if answer in known:
            continue
        for label, first in enumerate(firsts):
            try:
                same = entails(first, answer) and entails(answer, first)
            except RuntimeError:
                same = False
            if same:
                known[answer] = label
                break
        else:
            known[answer] = len(firsts)
            firsts.append(answer)
    return [known[answer] for answer in answers]
