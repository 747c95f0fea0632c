"""Six FLOPs a weight: that is training."""


def tts_flops(params: int, prompt: int, gen: int, n: int = 1, prm: int = 0) -> int:
    return 6 * (params + prm) * (prompt + n * gen)
