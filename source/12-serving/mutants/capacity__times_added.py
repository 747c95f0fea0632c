"""The two times are added instead of the longer one taken."""


def roofline_decode(batch, params, bytes_per_weight, cache_bytes, bandwidth, flops):
    reading = (params * bytes_per_weight + batch * cache_bytes) / bandwidth
    computing = 2 * params * batch / flops
    return (batch / (reading + computing), 'memory' if reading >= computing else 'compute')
