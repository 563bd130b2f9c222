"""Damaged FastCGI records against a running program, for as long as one likes.

The program is COATCHECK_BINARY, best one that was built with the address sanitizer. The seed that
is printed repeats a run: `records.py --seconds 60 --seed 123`.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.deployment import Deployment  # noqa: E402
from support.fastcgi import route  # noqa: E402
from support.hostile import HostilePeer  # noqa: E402


def main() -> None:
    """Reads the options and sends until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    # So that what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("records: told to end"))
    print(f"records: seed {options.seed}", flush=True)
    with Deployment() as target:
        peer = HostilePeer(target, target.person(), options.seed)
        try:
            strike(target, peer, time.monotonic() + options.seconds)
        except BaseException:
            print(f"records: number {peer.sent} was {peer.last.hex()}")
            print(target.process.tail())
            raise
        print(f"records: done, {peer.sent} requests sent, {peer.answered} answered")


def strike(target: Deployment, peer: HostilePeer, end: float) -> None:
    """Strikes until the end, and looks every hundred times whether the server serves."""
    while time.monotonic() < end:
        for _ in range(100):
            peer.strike()
        assert target.process.is_running, "the server has ended"
        assert target.ask(route("GET", "/health/ready")).status == 200
        print(f"records: {peer.sent} sent, {peer.answered} answered", flush=True)


if __name__ == "__main__":
    main()
