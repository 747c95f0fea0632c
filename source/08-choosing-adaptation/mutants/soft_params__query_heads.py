"""As many key heads as query heads."""
from course.models.shapes import Shape


def soft_params(method: str, shape: Shape, n: int, hidden: int | None = None) -> dict[str, int]:
    D, d = shape.width, shape.heads * shape.head_dim
    keys_and_values = 2 * shape.layers * d  # of one token
    kept = n * (D if method in ("prompt", "p-tuning") else keys_and_values)
    if method in ("prompt", "prefix"):
        trained = kept
    elif method == "p-tuning":
        trained = n * D + (D + 1) * hidden + (hidden + 1) * hidden + (hidden + 1) * D
    elif method == "prefix-mlp":
        trained = n * d + (d + 1) * hidden + (hidden + 1) * keys_and_values
    else:
        raise ValueError(f"no method {method!r}")
    return {"trained": trained, "stored": kept, "cache": 2 * n * keys_and_values}
