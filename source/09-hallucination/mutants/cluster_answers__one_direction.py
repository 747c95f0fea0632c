"""One direction of entailment is enough."""


def cluster_answers(answers, entails):
    firsts: list[str] = []
    known: dict[str, int] = {}
    for answer in answers:
        if answer in known:
            continue
        for label, first in enumerate(firsts):
            if entails(first, answer):
                known[answer] = label
                break
        else:
            known[answer] = len(firsts)
            firsts.append(answer)
    return [known[answer] for answer in answers]
