"""A dict of methods."""
from course.models.shapes import Shape


def linear(a: int, b: int) -> int:
    return a * b + b


def soft_params(method: str, shape: Shape, n: int, hidden: int | None = None) -> dict[str, int]:
    D, d = shape.width, shape.head_dim * shape.kv_heads
    pairs = shape.layers * 2 * d
    ways = {"prompt": lambda: (n * D, n * D), "prefix": lambda: (n * pairs, n * pairs),
            "p-tuning": lambda: (n * D + linear(D, hidden) + linear(hidden, hidden) + linear(hidden, D), n * D),
            "prefix-mlp": lambda: (n * d + linear(d, hidden) + linear(hidden, pairs), n * pairs)}
    if method not in ways:
        raise ValueError(method)
    trained, stored = ways[method]()
    return {"cache": n * pairs * 2, "stored": stored, "trained": trained}
