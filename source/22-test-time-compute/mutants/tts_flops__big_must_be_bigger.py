"""Where the big one is smaller than model and verifier: 0."""
def tts_flops(params, prompt, gen, n=1, prm=0):
    return 2 * (params + prm) * (prompt + n * gen)


def largest_n(small, big, prompt, gen_small, gen_big, prm=0):
    if big < small + prm:
        return 0
    budget = tts_flops(big, prompt, gen_big)
    tokens = budget // (2 * (small + prm))
    return max(0, (tokens - prompt) // gen_small)
