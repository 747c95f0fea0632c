"""The largest layout that fits, as if more bytes meant more recall."""
def choose_layout(layouts, n, budget):
    sized = [(recall, -index_bytes(n, **options), name) for name, options, recall in layouts]
    fitting = [row for row in sized if -row[1] <= budget]
    return max(fitting, key=lambda row: -row[1])[2] if fitting else None
