"""The caches are left out."""


def roofline_decode(batch, params, bytes_per_weight, cache_bytes, bandwidth, flops):
    reading = (params * bytes_per_weight + 0 * cache_bytes) / bandwidth
    computing = 2 * params * batch / flops
    return (batch / max(reading, computing), 'memory' if reading >= computing else 'compute')
