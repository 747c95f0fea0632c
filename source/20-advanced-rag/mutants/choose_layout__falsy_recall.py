"""A layout with recall 0.0 is left out."""
def choose_layout(layouts, n, budget):
    sized = [(recall, -index_bytes(n, **options), name) for name, options, recall in layouts]
    fitting = [row for row in sized if -row[1] <= budget and row[0]]
    return max(fitting, key=lambda row: row[:2])[2] if fitting else None
