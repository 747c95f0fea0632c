"""The label by next() over the first members, the other direction first."""


def cluster_answers(answers, entails):
    firsts, seen, labels = [], {}, []
    for a in answers:
        if a not in seen:
            found = next((i for i, f in enumerate(firsts) if entails(a, f) and entails(f, a)), len(firsts))
            if found == len(firsts):
                firsts.append(a)
            seen[a] = found
        labels.append(seen[a])
    return labels
