"""Every ordered pair is asked beforehand."""


def cluster_answers(answers, entails):
    table = {(a, b): entails(a, b) for a in set(answers) for b in set(answers) if a != b}
    firsts: list[str] = []
    known: dict[str, int] = {}
    for answer in answers:
        if answer in known:
            continue
        for label, first in enumerate(firsts):
            if table[first, answer] and table[answer, first]:
                known[answer] = label
                break
        else:
            known[answer] = len(firsts)
            firsts.append(answer)
    return [known[answer] for answer in answers]
