"""Active as total minus what is idle; a list comes back."""


def moe_params(vocab, D, layers, attention, F, E, k, shared=0, dense_layers=0, dense_F=0):
    ffn = [3 * D * dense_F] * dense_layers + [E * D + 3 * D * F * (E + shared)] * (layers - dense_layers)
    total = D * (2 * vocab + 1) + layers * (attention + 2 * D) + sum(ffn)
    return [total, total - (layers - dense_layers) * (E - k) * 3 * D * F]
