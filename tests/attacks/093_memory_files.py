"""Memory that no process owns: anonymous files (memfd) and pipes, filled."""
# says: stopped with PermissionError
# danger: eats all memory
import os


def answer(*args, **kwargs):
    total = 0
    for _ in range(100):
        fd = os.memfd_create("flood")
        for _ in range(32):
            total += os.write(fd, bytes(1 << 20))
    print("FLOODED", total)
    return 0
