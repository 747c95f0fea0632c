"""Where a learner's notebook runs, and the wall around it.

    host.py        on the trusted side: starts the warm parent, asks it for children, kills them
    zygote.py      the warm parent: imports everything once, then forks a child per submission
    confine.py     what a child does to itself before it runs a learner's code
    namespaces.py  · landlock.py · seccomp.py · limits.py: its layers, one a file
    gpu.py         what a driver needs, where children may use a GPU
    learner.py     the child's loop: run cells, answer calls
    packages.py    what of the course is seen in there
    values.py · wire.py · changes.py: what may cross the wall, and how; changes in place
    libc.py        the system calls that Python does not wrap
    probe.py       how strong all this is on this machine
"""
