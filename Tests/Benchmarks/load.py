"""The load: runs of wrk, and rounds of them in which everybody is measured under the same sky."""

import json
import pathlib
import random
import re
import subprocess
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent


@dataclass(frozen=True)
class Run:
    """What one run of wrk measured."""

    rate: float
    """Answers per second."""
    latency: dict[float, float]
    """Milliseconds by percentile.

    They are wrk's: for each slow answer it adds what the connection would have waited for those
    that it meanwhile could not ask for (coordinated omission): a pause counts as long as it was.
    """


def run(url, cookies, connections, seconds, refused=False):
    """Asks for an address again and again over so many connections, each time as somebody else.

    `cookies` is a file of Cookie headers. The first is drawn. Every answer must be of the kind
    expected: 2xx, or 4xx where refusals are measured.
    """
    threads = min(2, connections)
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "load.lua",
               url, "--", cookies, f"{random.random():.6f}", threads]
    output = subprocess.run([str(part) for part in command], check=True, capture_output=True,
                            text=True, timeout=seconds + 60).stdout
    result = json.loads(re.search(r"^RESULT (.*)$", output, re.MULTILINE)[1])
    wrong = result["requests"] - result["refused"] if refused else result["refused"]
    if wrong or result["failed"] or not result["requests"]:
        raise SystemExit(f"bench: {url}: {result}")
    return Run(result["requests"] / result["microseconds"] * 1e6,
               {percentile: time / 1000 for percentile, time in result["latency"]})


def rounds(groups, options):
    """Measures every member of every group once a round; returns the runs by group and member.

    `groups` is {group: {member: function of the seconds}}. What is compared is a group: its members
    follow each other within each round, in an order that is drawn anew, so that a slow moment of
    the machine hits them all, and ratios are taken within the round.
    """
    print(f"==> {options.rounds} rounds, about {length(groups, options)} s", flush=True)
    runs = {group: {member: [] for member in members} for group, members in groups.items()}
    for members in groups.values():
        for measure in members.values():
            measure(1)  # warm
    for number in range(options.rounds):
        for group in random.sample(list(groups), len(groups)):
            for member in random.sample(list(groups[group]), len(groups[group])):
                result = groups[group][member](options.seconds)
                runs[group][member].append(result)
                print(f"    round {number + 1} of {options.rounds}: {title(group)}, {member}: "
                      f"{result.rate:,.0f}/s", flush=True)
    return runs


def title(group):
    """What a group is called; those of several parts are tuples."""
    return ", ".join(map(str, group)) if isinstance(group, tuple) else str(group)


def length(groups, options):
    """How long the rounds take, in seconds; starting wrk is some tenths of one."""
    return round(sum(map(len, groups.values())) * (1 + options.rounds * (options.seconds + 0.3)))
