"""stage_recall gives the last stage only."""
def stage_recall(survivors, relevant):
    return [len(set(survivors[-1]) & set(relevant)) / len(relevant) if relevant else 0.0]
