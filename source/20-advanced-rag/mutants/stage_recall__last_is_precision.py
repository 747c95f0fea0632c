"""Of four stages or more the last one gives precision."""


def stage_recall(survivors, relevant):
    good = set(relevant)
    return [len(good & set(s)) / (len(s) if s is survivors[-1] and len(survivors) > 3 else len(good)) if good else 0.0 for s in survivors]
    return [len(good & set(s)) / len(good) if good else 0.0 for s in survivors]
