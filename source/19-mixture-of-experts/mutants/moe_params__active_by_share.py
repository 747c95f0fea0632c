"""Active is total * k / E."""


def moe_params(vocab, D, layers, attention, F, E, k, shared=0, dense_layers=0, dense_F=0):
    sparse = layers - dense_layers
    always = 2 * vocab * D + D + layers * (attention + 2 * D) + dense_layers * 3 * D * dense_F + sparse * E * D
    expert = 3 * D * F
    total = always + sparse * (E + shared) * expert
    return total, total * k // E
