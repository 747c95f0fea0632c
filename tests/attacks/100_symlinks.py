"""Links in the working folder to files outside: read, overwritten and removed through them."""
# says: expected
# danger: removes and overwrites files
import os
import shutil


def answer(*args, **kwargs):
    return 0


for i, target in enumerate(("{secret}", "{file}", os.path.dirname("{secret}"), "/")):
    try:
        os.symlink(target, f"link{i}")
        os.path.isfile(f"link{i}") and print("LEAK", open(f"link{i}").read())
        open(f"link{i}", "w").write("changed")
    except OSError:
        pass
try:
    os.link("{file}", "hard")
    open("hard", "w").write("changed")
except OSError:
    pass
shutil.rmtree(os.path.dirname("{file}"), ignore_errors=True)
