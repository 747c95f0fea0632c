"""All in fractions, at last floats."""

from fractions import Fraction


def answer_time(parts, prompt, think, answer, bandwidth, flops, kv_bytes=0):
    memory, read, ops = Fraction(0), Fraction(0), 0
    for total, active, bits in parts:
        memory += total * Fraction(bits) / 8
        read += active * Fraction(bits) / 8
        ops += 2 * active * prompt
    times = []
    for n in (think, think + answer - 1):
        moved = n * read + kv_bytes * (n * (prompt + 1 + prompt + n)) // 2
        times.append(float(Fraction(ops) / Fraction(flops) + moved / Fraction(bandwidth)))
    return float(memory), times[0], times[1]
