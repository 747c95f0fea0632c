"""How long a learner's process may still take.

Its own CPU time counts first, so that honest work does not run out of time because the machine is busy. The wall clock
is the backstop for those who sleep, or wait for what never comes.
"""

from __future__ import annotations

import time

from ..sandbox.host import Child

PATIENCE = 3.0  # the wall clock may show this many times what the CPU clock may


class Clock:
    """Call it for the seconds left.

    seconds: of CPU time, from now on
    end:     time.monotonic() at which everything is over
    """

    def __init__(self, child: Child, seconds: float, end: float):
        self.child = child
        self.start, self.cpu_start = time.monotonic(), self._cpu()
        self.end = min(self.start + PATIENCE * seconds, end)
        self.cpu_end = self.cpu_start + seconds

    def __call__(self) -> float:
        return min(self.cpu_end - self._cpu(), self.end - time.monotonic())

    def spent(self) -> float:
        """CPU seconds so far; waiting counts too, for as much less as the wall clock is more patient."""
        return max(self._cpu() - self.cpu_start, (time.monotonic() - self.start) / PATIENCE)

    def _cpu(self) -> float:
        try:
            return self.child.cpu_seconds()
        except OSError:  # it has ended: its socket will say so
            return 0.0
