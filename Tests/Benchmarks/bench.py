"""Session checks per second through nginx, beside a C program that does nothing.

Every peer stands behind an nginx of its own with the same settings. All are measured in one run,
in rounds whose order is shuffled, and compared within each round: a slow moment of the machine
then hits everybody. Two ways of asking:

    direct         the check itself, reached as a location
    auth_request   a static file of two bytes that the check guards

The sessions are real ones, of accounts signed up over HTTP. Everything runs in a folder of its
own on free loopback ports and is stopped at the end.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import secrets
import signal
import statistics
import subprocess
import sys

from stage import HERE, WAYS, WORKERS, Peer, Stage, coatcheck, responder

ACCOUNTS = 64
FLOOR = Peer("C responder", responder)
# The first one's accounts are signed up; one more peer is one more entry.
PEERS = [Peer("Coatcheck", coatcheck), FLOOR]


def ask(peer, method, path, headers=None, body=None, source="127.0.0.1"):
    """One request; the answer's status and its cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=30,
                                            source_address=(source, 0))
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer.status, (answer.headers["Set-Cookie"] or "").split(";")[0]


def sign_up(peer):
    """Signs accounts up and returns the cookie of each."""
    cookies = []
    for number in range(ACCOUNTS):
        person = {"username": f"user{number:03}@bench.example", "password": secrets.token_hex(16)}
        # nginx limits sign-ups by address, so each comes from its own.
        status, cookie = ask(peer, "POST", "/api/signup", {"Content-Type": "application/json"},
                             json.dumps(person), f"127.0.1.{number + 1}")
        if status != 201 or "=" not in cookie:
            raise SystemExit(f"bench: sign-up answered {status}")
        cookies.append(cookie)
    return cookies


def prove(peer, cookies):
    """Refuses to measure a peer that answers wrongly; the floor alone lets everybody in."""
    for way, granted in (("direct", 204), ("auth_request", 200)):
        refused = granted if peer is FLOOR else 401
        for headers, right in (({"Cookie": cookies[0]}, granted), ({}, refused)):
            status, _ = ask(peer, "GET", WAYS[way], headers)
            if status != right:
                raise SystemExit(f"bench: {peer.name}, {way}, with {list(headers) or 'no cookie'}: "
                                 f"{status} instead of {right}")


def measure(peer, way, connections, seconds, cookies):
    """One run of wrk: checks per second, and p50 and p99 in milliseconds."""
    command = ["wrk", f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds}s",
               "-s", HERE / "check.lua", f"http://127.0.0.1:{peer.port}{WAYS[way]}", "--", cookies]
    output = subprocess.run(command, check=True, capture_output=True, text=True,
                            timeout=seconds + 30).stdout
    result = json.loads(re.search(r"^RESULT (.*)$", output, re.MULTILINE)[1])
    if result["failed"] or not result["requests"]:
        raise SystemExit(f"bench: {peer.name}, {way}: {result}")
    return (result["requests"] / result["microseconds"] * 1e6,
            result["p50"] / 1000, result["p99"] / 1000)


def spread(values, form):
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def table(runs, ways, connections):
    """The figures as a Markdown table; ratios are taken within a round."""
    rows = [["check", "clients", "peer", "checks/s, median (min to max)", "ratio to the floor",
             "p50 ms", "p99 ms", "p99 ratio"]]
    for way in ways:
        for clients in connections:
            floor = runs[FLOOR.name, way, clients]
            for peer in PEERS:
                own = runs[peer.name, way, clients]
                rate = [a[0] / b[0] for a, b in zip(own, floor)]
                late = [a[2] / b[2] for a, b in zip(own, floor)]
                rows.append([
                    way, str(clients), peer.name, spread([run[0] for run in own], ",.0f"),
                    spread(rate, ".2f") if peer is not FLOOR else "1",
                    f"{statistics.median(run[1] for run in own):.2f}",
                    f"{statistics.median(run[2] for run in own):.2f}",
                    f"{statistics.median(late):.2f}" if peer is not FLOOR else "1"])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|",
                      *lines[1:]])


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=3, help="of each measurement")
    options.add_argument("--connections", type=int, nargs="+", default=[8, 64])
    options.add_argument("--report", type=pathlib.Path, help="where the table is written as Markdown")
    options = options.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # nginx, for people whose PATH leaves these out

    groups = [(way, clients) for way in WAYS for clients in options.connections]
    runs = {(peer.name, *group): [] for peer in PEERS for group in groups}
    with Stage() as stage:
        for peer in PEERS:
            print(f"==> Starting {peer.name}", flush=True)
            stage.start(peer)
        print(f"==> Signing up {ACCOUNTS} accounts", flush=True)
        cookies = sign_up(PEERS[0])
        for peer in PEERS:
            prove(peer, cookies)
        jar = stage.folder / "cookies"
        jar.write_text("\n".join(cookies) + "\n")
        for way, clients in groups:
            for peer in PEERS:
                measure(peer, way, clients, 1, jar)  # warm
        length = options.rounds * len(runs) * options.seconds
        print(f"==> {options.rounds} rounds, about {length} s", flush=True)
        for number in range(options.rounds):
            for way, clients in random.sample(groups, len(groups)):
                for peer in random.sample(PEERS, len(PEERS)):
                    result = measure(peer, way, clients, options.seconds, jar)
                    runs[peer.name, way, clients].append(result)
                    print(f"    round {number + 1}: {way}, {clients} clients, {peer.name}: "
                          f"{result[0]:,.0f} checks/s", flush=True)

    report = (f"Session checks through nginx: {os.cpu_count()} cores, {WORKERS} workers each, "
              f"{options.rounds} rounds of {options.seconds} s.\n"
              f"Ratios are medians of the rounds' own, the floor being the {FLOOR.name}.\n\n"
              + table(runs, WAYS, options.connections) + "\n")
    print("\n" + report)
    if options.report:
        options.report.parent.mkdir(parents=True, exist_ok=True)
        options.report.write_text(report)
        print(f"Written to {options.report}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
