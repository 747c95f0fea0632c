"""An answer is compared with every member of a cluster."""


def cluster_answers(answers, entails):
    firsts: list[str] = []
    known: dict[str, int] = {}
    for answer in answers:
        if answer in known:
            continue
        for other in list(known):
            if entails(other, answer) and entails(answer, other):
                known[answer] = known[other]
                break
        else:
            known[answer] = len(firsts)
            firsts.append(answer)
    return [known[answer] for answer in answers]
