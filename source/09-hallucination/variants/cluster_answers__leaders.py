"""Leader by leader, over what has no label yet."""


def cluster_answers(answers, entails):
    distinct = list(dict.fromkeys(answers))
    label, clusters = {}, 0
    while len(label) < len(distinct):
        rest = [a for a in distinct if a not in label]
        leader = rest[0]
        label[leader] = clusters
        for other in rest[1:]:
            if entails(leader, other) and entails(other, leader):
                label[other] = clusters
        clusters += 1
    return [label[a] for a in answers]
