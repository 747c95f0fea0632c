"""A stable sort, and the first that fits."""
def choose_layout(layouts, n, budget):
    for name, options, _ in sorted(layouts, key=lambda x: (-x[2], index_bytes(n, **x[1]))):
        if index_bytes(n, **options) <= budget:
            return name
