"""Recalls are rounded to two digits before they are compared."""
def choose_layout(layouts, n, budget):
    sized = [(round(recall, 2), -index_bytes(n, **options), name) for name, options, recall in layouts]
    fitting = [row for row in sized if -row[1] <= budget]
    return max(fitting, key=lambda row: row[:2])[2] if fitting else None
