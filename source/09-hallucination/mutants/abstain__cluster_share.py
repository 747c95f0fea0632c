"""The share of the largest cluster as support."""


def abstain(shown, samples, entails, threshold):
    entropy = round(semantic_entropy(cluster_answers(samples, entails)), 9)
    same = [s == shown or entails(s, shown) and entails(shown, s) for s in samples]
    labels = cluster_answers(samples, entails)
    support = max(labels.count(label) for label in labels) / len(samples) if any(same) else 0.0
    return NOT_SURE if entropy >= threshold or support == 0 else shown, entropy, support
