"""Every expert has an attention of its own."""


def moe_params(vocab, D, layers, attention, F, E, k, shared=0, dense_layers=0, dense_F=0):
    sparse = layers - dense_layers
    always = 2 * vocab * D + D + layers * (attention * (1 if E == 1 else E) + 2 * D) + dense_layers * 3 * D * dense_F + sparse * E * D
    expert = 3 * D * F
    return always + sparse * (E + shared) * expert, always + sparse * (k + shared) * expert
