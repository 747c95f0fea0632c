"""Weights are read once for each sequence."""


def roofline_decode(batch, params, bytes_per_weight, cache_bytes, bandwidth, flops):
    reading = (batch * params * bytes_per_weight + batch * cache_bytes) / bandwidth
    computing = 2 * params * batch / flops
    return (batch / max(reading, computing), 'memory' if reading >= computing else 'compute')
