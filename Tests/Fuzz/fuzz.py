"""Runs libFuzzer on the targets, as many at a time as there are processors, and sums up.

What was found interesting is kept in `.run/fuzz/TARGET` and is where the next run begins, after the
seeds in `Tests/Fuzz/seeds`. An input that breaks something is left in `.run/fuzz`, and belongs into
the seeds with a test once it is mended: `fuzz TARGET FILE` runs it alone.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "Tests/Fuzz"
PROGRAM = ROOT / ".build-fuzz/release/fuzz"
WORK = ROOT / ".run/fuzz"
# Swift's runtime keeps what LeakSanitizer takes for lost, and its way to print a backtrace reads
# where the address sanitizer does not allow it.
ENVIRONMENT = os.environ | {
    "ASAN_OPTIONS": "detect_leaks=0:color=never",
    "SWIFT_BACKTRACE": "enable=no",
}
# The longest input, in bytes: twice what each limit of the readers needs, and no more of a body.
LENGTH, LENGTHS = 4096, {"import": 16_384, "json": 16_384}
# One input that takes longer is a finding; an answer may hash two passwords.
PATIENCE, MEMORY = 10, 2048


@dataclass(frozen=True)
class Result:
    """What came of one target."""

    target: str
    executions: int
    per_second: int
    edges: int
    inputs: int
    is_well: bool


def fuzz(target: str, seconds: int) -> Result:
    """Runs one target; what it says is in its log."""
    corpus = WORK / target
    corpus.mkdir(parents=True, exist_ok=True)
    words = HERE / "words" / target
    command = [
        str(PROGRAM),
        target,
        f"-max_total_time={seconds}",
        f"-max_len={LENGTHS.get(target, LENGTH)}",
        f"-timeout={PATIENCE}",
        f"-rss_limit_mb={MEMORY}",
        f"-artifact_prefix={WORK}/{target}-",
        "-print_final_stats=1",
        *([f"-dict={words}"] if words.exists() else []),
        str(corpus),
        str(HERE / "seeds" / target),
    ]
    log = WORK / f"{target}.log"
    with log.open("w") as output:
        status = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, env=ENVIRONMENT, check=False
        )
    return read(target, log.read_text(errors="replace"), status.returncode == 0)


def read(target: str, log: str, is_well: bool) -> Result:
    """Reads what libFuzzer wrote; a number that is not there is 0."""

    def last(pattern: str) -> int:
        found: list[str] = re.findall(pattern, log)
        return int(found[-1]) if found else 0

    return Result(
        target,
        last(r"stat::number_of_executed_units: (\d+)") or last(r"(?m)^#(\d+)\t"),
        last(r"stat::average_exec_per_sec: +(\d+)") or last(r"exec/s: (\d+)"),
        last(r" cov: (\d+)"),
        last(r" corp: (\d+)"),
        is_well,
    )


def main() -> None:
    """Runs the targets that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    known = subprocess.run([PROGRAM, "list"], capture_output=True, text=True, check=True)
    targets = options.targets or known.stdout.split()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda target: fuzz(target, options.seconds), targets))
    print("| target | executions | per second | edges | inputs kept | |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for result in results:
        verdict = "well" if result.is_well else f"see {WORK / result.target}.log"
        print(
            f"| {result.target} | {result.executions:,} | {result.per_second:,} "
            f"| {result.edges:,} | {result.inputs:,} | {verdict} |"
        )
    sys.exit(not all(result.is_well for result in results))


if __name__ == "__main__":
    main()
