"""Other processes are read through /proc: command lines, environments, open files, memory."""
# says: expected
import glob

for path in [*glob.glob("/proc/[0-9]*/environ"), *glob.glob("/proc/[0-9]*/cmdline"), "/proc/{pid}/environ",
             "/proc/1/environ", "/proc/self/environ", "/proc/self/../{pid}/cwd/secret"]:
    try:
        text = open(path, "rb").read()
    except OSError:
        continue
    if b"CANARY" in text:
        print("LEAK", text)
for path in glob.glob("/proc/[0-9]*/fd/*"):
    try:
        text = open(path, "rb").read(100)
    except OSError:
        continue
    if b"CANARY" in text:
        print("LEAK", text)


def answer(*args, **kwargs):
    return 0
