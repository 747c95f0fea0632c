"""stage_recall is 1 as soon as one relevant document is left: that is hit rate."""
def stage_recall(survivors, relevant):
    return [float(bool(set(s) & set(relevant))) for s in survivors]
