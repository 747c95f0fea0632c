"""Adds up layer by layer."""


def moe_params(vocab, D, layers, attention, F, E, k, shared=0, dense_layers=0, dense_F=0):
    def swiglu(width):
        return D * width + D * width + width * D

    total = active = vocab * D + vocab * D + D
    for layer in range(layers):
        both = attention + D + D
        if layer < dense_layers:
            both += swiglu(dense_F)
        else:
            both += E * D + sum(swiglu(F) for _ in range(shared))
            total += E * swiglu(F)
            active += k * swiglu(F)
        total += both
        active += both
    return total, active
