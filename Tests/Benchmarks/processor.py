"""How much processor time programs take, those that they start included."""

import os
import pathlib

from support.guard import family

TICK = os.sysconf("SC_CLK_TCK")


def taken(pid):
    """Seconds of processor time of a process and its descendants up to now."""
    ticks = 0
    for member in family(pid):
        try:
            # The name, in parentheses, may hold blanks and parentheses.
            fields = pathlib.Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


class Meter:
    """Processor time of several programs, by name, over several measurements."""

    def __init__(self, pids):
        self.pids = pids
        self.seconds = dict.fromkeys(pids, 0)
        self.count = 0

    def around(self, measure, counts=lambda: True):
        """The function, which answers with a `Run`, with its time counted if that is to count."""
        def measured(seconds):
            before = {name: taken(pid) for name, pid in self.pids.items()}
            run = measure(seconds)
            if not counts():
                return run
            for name, pid in self.pids.items():
                self.seconds[name] += taken(pid) - before[name]
            self.count += run.rate * seconds
            return run
        return measured

    @property
    def each(self):
        """Microseconds of each program for one answer."""
        return {name: 1e6 * seconds / self.count for name, seconds in self.seconds.items()}
