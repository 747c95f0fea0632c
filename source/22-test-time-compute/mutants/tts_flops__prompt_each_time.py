"""The prompt is paid for each sample."""


def tts_flops(params: int, prompt: int, gen: int, n: int = 1, prm: int = 0) -> int:
    return 2 * (params + prm) * (n * (prompt + gen))
