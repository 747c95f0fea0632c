"""Dense layers have experts as well as their FFN."""


def moe_params(vocab, D, layers, attention, F, E, k, shared=0, dense_layers=0, dense_F=0):
    sparse = layers
    always = 2 * vocab * D + D + layers * (attention + 2 * D) + dense_layers * 3 * D * dense_F + sparse * E * D
    expert = 3 * D * F
    return always + sparse * (E + shared) * expert, always + sparse * (k + shared) * expert
