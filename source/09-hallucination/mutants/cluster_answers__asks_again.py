"""A repeated string is asked about again."""


def cluster_answers(answers, entails):
    firsts: list[str] = []
    labels = []
    for answer in answers:
        for label, first in enumerate(firsts):
            if first == answer or entails(first, answer) and entails(answer, first):
                labels.append(label)
                break
        else:
            labels.append(len(firsts))
            firsts.append(answer)
    return labels
