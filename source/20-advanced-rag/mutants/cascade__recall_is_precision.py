"""stage_recall divides by the number of survivors."""
def stage_recall(survivors, relevant):
    return [len(set(s) & set(relevant)) / len(s) if s and relevant else 0.0 for s in survivors]
