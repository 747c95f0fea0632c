"""Only above the threshold."""


def abstain(shown, samples, entails, threshold):
    entropy = round(semantic_entropy(cluster_answers(samples, entails)), 9)
    same = [s == shown or entails(s, shown) and entails(shown, s) for s in samples]
    support = sum(map(bool, same)) / len(samples)
    return NOT_SURE if entropy > threshold or support == 0 else shown, entropy, support
