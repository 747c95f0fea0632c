"""Case and spaces are taken off first."""


def cluster_answers(answers, entails):
    answers = [a.strip().lower() for a in answers]
    firsts: list[str] = []
    known: dict[str, int] = {}
    for answer in answers:
        if answer in known:
            continue
        for label, first in enumerate(firsts):
            if entails(first, answer) and entails(answer, first):
                known[answer] = label
                break
        else:
            known[answer] = len(firsts)
            firsts.append(answer)
    return [known[answer] for answer in answers]
