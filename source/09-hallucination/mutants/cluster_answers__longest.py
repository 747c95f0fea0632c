"""The longest member stands for its cluster."""


def cluster_answers(answers, entails):
    firsts, seen, out = [], {}, []
    for a in answers:
        if a not in seen:
            for label, f in enumerate(firsts):
                if entails(f, a) and entails(a, f):
                    firsts[label] = max(f, a, key=len)
                    break
            else:
                label = len(firsts)
                firsts.append(a)
            seen[a] = label
        out.append(seen[a])
    return out
