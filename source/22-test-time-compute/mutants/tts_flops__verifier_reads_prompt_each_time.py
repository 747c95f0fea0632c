"""The verifier reads the prompt with each trace."""


def tts_flops(params: int, prompt: int, gen: int, n: int = 1, prm: int = 0) -> int:
    return 2 * params * (prompt + n * gen) + 2 * prm * n * (prompt + gen)
