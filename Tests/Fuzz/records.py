"""Damaged FastCGI records against a running program, for as long as one likes.

The program is COATCHECK_BINARY, best one that was built with the address sanitizer. The seed that
is printed repeats a run: `records.py --seconds 60 --seed 123`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.deployment import Deployment  # noqa: E402
from support.fastcgi import route  # noqa: E402
from support.hostile import HostilePeer  # noqa: E402


def main() -> None:
    """Strikes until the time is over, and looks every hundred strikes whether the server serves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"records: seed {options.seed}", flush=True)
    begun = time.monotonic()
    with Deployment() as target:
        peer = HostilePeer(target, target.person(), options.seed)
        strikes = 0
        while time.monotonic() - begun < options.seconds:
            peer.strike()
            strikes += 1
            if strikes % 100 == 0:
                assert target.process.is_running, "the server has ended"
                assert target.ask(route("GET", "/health/ready")).status == 200
                spent = time.monotonic() - begun
                print(f"records: {peer.sent} sent, {peer.answered} answers, {spent:.0f} s", flush=True)
        print(f"records: done, {peer.sent} requests sent, {peer.answered} answered")


if __name__ == "__main__":
    main()
