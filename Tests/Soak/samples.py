"""What is looked at every few seconds: the process, the database, the log, the latency."""

from __future__ import annotations

import math
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from support.deployment import Deployment
from traffic import Ledger

TICKS = os.sysconf("SC_CLK_TCK")
TABLES = ("users", "sessions", "ended_sessions", "audit", "throttle", "known_devices")

Sample = dict[str, float]


class Sampler:
    """Takes samples of one process, each with what happened since the one before."""

    def __init__(self, site: Deployment, ledger: Ledger) -> None:
        self._site = site
        self._ledger = ledger
        self._proc = Path("/proc") / str(site.process.pid)
        self._began = time.monotonic()
        self._before = (self._began, self._cpu(), self._log())
        self._machine_before = machine()
        ledger.take_latencies()

    def take(self) -> Sample:
        """One sample."""
        now, cpu, log = time.monotonic(), self._cpu(), self._log()
        then, cpu_then, log_then = self._before
        self._before = (now, cpu, log)
        memory = fields(self._proc / "smaps_rollup")
        busy, idle = (new - old for new, old in zip(machine(), self._machine_before, strict=True))
        self._machine_before = machine()
        latencies = sorted(self._ledger.take_latencies())
        sample: Sample = {
            "minutes": (now - self._began) / 60,
            "resident": memory["Rss"] / 1024,
            "proportional": memory["Pss"] / 1024,
            "anonymous": memory["Anonymous"] / 1024,
            "descriptors": len(list((self._proc / "fd").iterdir())),
            "threads": fields(self._proc / "status")["Threads"],
            "cpu": 100 * (cpu - cpu_then) / (now - then),
            "machine": 100 * busy / max(1, busy + idle),
            "log": (log - log_then) / 1024 * 60 / (now - then),
            "checks": len(latencies) / (now - then),
            "database": self._site.database.stat().st_size / 1e6,
            "write-ahead log": Path(f"{self._site.database}-wal").stat().st_size / 1e6,
        }
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            if latencies:
                at = max(0, math.ceil(share * len(latencies)) - 1)
                sample[name] = latencies[at] * 1000
        return sample | self._rows()

    def _rows(self) -> Sample:
        path = f"file:{self._site.database}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=10)) as db:
            return {
                table: float(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
                for table in TABLES
            }

    def _cpu(self) -> float:
        # After the name in brackets: utime and stime are fields 14 and 15 of proc(5).
        stat = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / TICKS

    def _log(self) -> int:
        return self._site.log.stat().st_size


def machine() -> tuple[int, int]:
    """Ticks in which the processors were busy, and idle (proc(5), the first line of stat)."""
    times = [int(part) for part in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    idle = times[3] + times[4]
    return sum(times) - idle, idle


def fields(path: Path) -> dict[str, float]:
    """Lines such as `Rss:  123 kB` of a file of /proc."""
    found = {}
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        number = value.split()[0] if value.split() else ""
        if number.isdigit():
            found[name] = float(number)
    return found
