"""Query heads are counted."""

from course.models.sizes import Model


def cache_per_token(model: Model, gpus: int = 1, kv_size: float = 2) -> float:
    if model.mla is not None:
        return model.layers * sum(model.mla) * kv_size
    return 2 * model.layers * -(-model.heads // gpus) * model.head_dim * kv_size
