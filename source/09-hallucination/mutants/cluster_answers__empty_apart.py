"""An empty answer is a cluster of its own."""


def cluster_answers(answers, entails):
    firsts, seen, out = [], {}, []
    for a in answers:
        if a not in seen:
            for label, f in enumerate(firsts if a else []):
                if entails(f, a) and entails(a, f):
                    break
            else:
                label = len(firsts)
                firsts.append(a)
            seen[a] = label
        out.append(seen[a])
    return out
