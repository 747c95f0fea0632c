"""The disk is filled."""
# says: expected
# danger: fills the disk
import os


def answer(*args, **kwargs):
    return 0


written = 0
for folder in (".", "/tmp", "/dev/shm", "/var/tmp"):
    for i in range(10):
        try:
            with open(os.path.join(folder, f"flood{i}"), "wb") as f:
                for _ in range(64):
                    written += f.write(bytes(1 << 20))
        except OSError:
            pass
print("FLOODED" if written > 200 << 20 else "stopped", "by the limit")
