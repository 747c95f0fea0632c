"""stage_recall divides by zero when nothing is relevant."""
def stage_recall(survivors, relevant):
    return [len(set(s) & set(relevant)) / len(relevant) for s in survivors]
