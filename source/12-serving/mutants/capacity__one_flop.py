"""One operation per weight."""


def roofline_decode(batch, params, bytes_per_weight, cache_bytes, bandwidth, flops):
    reading = (params * bytes_per_weight + batch * cache_bytes) / bandwidth
    computing = params * batch / flops
    return (batch / max(reading, computing), 'memory' if reading >= computing else 'compute')
