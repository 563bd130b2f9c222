"""What a request costs in instructions, allocations and system calls, and where they go.

Coatcheck and the C responder of the benchmark (the floor) get the same requests, with the
parameters of our nginx snippets, straight on their sockets: first below callgrind, then below
strace. Such counts do not depend on how fast or busy the machine is, so budgets.toml can hold
them to a few percent. What glibc's malloc needs, though, depends on what the heap went through
before: each kind of request is counted for several sessions, with a login between, and the lower
quartile is shown, since a busy machine adds work and takes none away; the budgets hold the calls of
malloc and the instructions outside of it.
"""

import argparse
import collections
import json
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

import parameters
from counting import Callgrind, Strace, fastcgi, program

HERE = pathlib.Path(__file__).resolve().parent
SESSIONS, REQUESTS = 7, 40
PERSON = json.dumps({"username": "ada@example.org", "password": "one umbrella, two hats"}).encode()
FLOOR, OURS, MALLOC = "C responder", "Coatcheck", "malloc and free"

# A kind of request: the parameters of one, made from a live cookie; how Coatcheck answers; how
# many go before. After 100 malformed cookies in a span of ten seconds the log says no more until
# the next (EventRate).
SPAN = 10
CASES = {
    "hit": (parameters.of_check, 204, 2),
    "no cookie": (lambda cookie: parameters.of_check(""), 401, 2),
    "unknown ticket": (lambda cookie: parameters.of_check(
        cookie[:-43] + secrets.token_urlsafe(32)), 401, 2),
    "malformed cookie": (lambda cookie: parameters.of_check(cookie[:-1]), 401, 110),
    "/me": (lambda cookie: parameters.of_route("/me", cookie), 200, 2),
}

# Where instructions go: the first pattern that is found in "library:function" decides.
GROUPS = [(name, re.compile(pattern)) for name, pattern in {
    "libfcgi": r"^libfcgi",
    "SHA-256": r"^libnettle",
    "base64": r"Base64URL",
    "actors and tasks": r"JobQueue|7enqueue|swift_(task|job|defaultActor)|:\$sSc|swift::(AsyncTask|DefaultActor|Job)",
    MALLOC: r"^libc\..*:(_int_)?([mc]alloc|realloc|free)\b|malloc|unlink_chunk|perturb",
    "references and objects": r":_?swift_(slow|retain|release|alloc|dealloc|bridgeObject|isUnique"
                              r"|init|array)|RefCount|ArrayBuffer|ArrayStorage",
    "exclusivity checks": r"swift_(begin|end)Access|AccessSet|SwiftTLSContext",
    "cookie parsing": r"CookieHeader|CookieLookup|TicketCookie|6TicketV",
    "SQLite and GRDB": r"^libsqlite3|\$s4GRDB|\$s7Storage|ispatch",
    "response": r"\$s4HTTP8Response|StatusLine|JSON",
    "log and metrics": r"\$s9Telemetry",
    "Swift library, other": r":_?swift|:\$s[Ss]|Foundation",
    "Coatcheck, other": r"^program",
    "C library, other": r"",
}.items()]


def start(tool, folder):
    """Starts the floor and Coatcheck below a tool, with one worker each or the least there is."""
    homes = [pathlib.Path(tempfile.mkdtemp(dir=folder)) for _ in range(2)]
    responder = homes[0] / "responder"
    subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-o", responder, HERE / "responder.c",
                    "-lfcgi", "-lpthread"], check=True)
    settings = homes[1] / "coatcheck.yaml"
    # The cheapest hashing: nothing here measures logins.
    program.write_settings(settings, {
        "workers": 2, "password.memory": 1024, "password.passes": 1,
        "socket.path": str(homes[1] / "fcgi.sock"), "storage.path": str(homes[1] / "coatcheck.db")})
    return (tool(homes[0], [responder, homes[0] / "fcgi.sock", "1"]),
            tool(homes[1], program.serve_command(settings)))


def enter(coatcheck, path):
    """Signs up or logs in, and returns the cookie as a browser sends it."""
    route = fastcgi.route("POST", path, PERSON)
    return fastcgi.request(coatcheck.socket, route, PERSON).session_cookie.partition(";")[0]


def ask(name, traced, case, cookie, count):
    """Sends requests of a kind, each made anew; the floor answers all of them with 204."""
    make, status, _ = CASES[case]
    statuses = traced.ask([make(cookie) for _ in range(count)])
    assert statuses == {204 if name == FLOOR else status}, f"{name}, {case}: {statuses}"


def within_a_span(measure, *arguments):
    """What is measured while no span of the log ends; where one does, it is measured again."""
    for _ in range(10):
        span = time.time() // SPAN
        measured = measure(*arguments)
        if time.time() // SPAN == span:
            return measured
    raise SystemExit("instructions: the machine is too slow for a measurement in ten seconds")


def take_instructions(name, traced, case, cookie):
    """The instructions and calls of malloc of some requests of a kind."""
    ask(name, traced, case, cookie, CASES[case][-1])
    traced.take()
    ask(name, traced, case, cookie, REQUESTS)
    return traced.take()


def take_time(name, traced, case, cookie):
    """When some requests of a kind began and ended."""
    ask(name, traced, case, cookie, CASES[case][-1])
    since = time.time()
    ask(name, traced, case, cookie, REQUESTS)
    return since, time.time()


def count_instructions(folder):
    """By (program, case): the instructions of a request by function, and its calls of malloc."""
    windows = collections.defaultdict(list)
    floor, coatcheck = start(Callgrind, folder)
    with floor, coatcheck:
        enter(coatcheck, "/api/signup")
        # The floor's heap goes through the same each time.
        for name, traced in [(FLOOR, floor)] + [(OURS, coatcheck)] * SESSIONS:
            cookie = enter(coatcheck, "/api/login")
            for case in CASES:
                windows[name, case].append(
                    within_a_span(take_instructions, name, traced, case, cookie))
    counted = {}
    for key, counts in windows.items():
        own, allocations = sorted(counts, key=lambda count: count[0].total())[len(counts) // 4]
        counted[key] = ({function: cost / REQUESTS for function, cost in own.items()},
                        allocations / REQUESTS)
    return counted


def list_calls(folder):
    """By (program, case): the system calls of one request in their order."""
    spans = {}
    floor, coatcheck = start(Strace, folder)
    with floor, coatcheck:
        enter(coatcheck, "/api/signup")
        cookie = enter(coatcheck, "/api/login")
        for name, traced in ((FLOOR, floor), (OURS, coatcheck)):
            for case in CASES:
                spans[name, case] = traced, within_a_span(take_time, name, traced, case, cookie)
    return {key: traced.calls(*span) for key, (traced, span) in spans.items()}


def by_group(own):
    """The sum of each group."""
    spent = collections.Counter()
    for function, cost in own.items():
        spent[next(name for name, pattern in GROUPS if pattern.search(function))] += cost
    return spent


def figures(counted, calls):
    """What budgets.toml may limit, for each case: all but the system calls above the floor."""
    reached = {}
    for case in CASES:
        (floor, floor_allocations), (ours, allocations) = (
            counted[name, case] for name in (FLOOR, OURS))
        floor, ours = by_group(floor), by_group(ours)
        total = ours.total() - floor.total()
        reached[case] = {"total": total,
                         "instructions": total - ours[MALLOC] + floor[MALLOC],
                         "allocations": allocations - floor_allocations,
                         "calls": len(calls[OURS, case])}
    return reached


def compare(reached, budgets):
    """What exceeds its budget, and what is so far below it that the budget should be lowered."""
    over, under = [], []
    for case in CASES:
        for what, limit in budgets["cases"][case].items():
            value = reached[case][what]
            line = f"{case}: {value:,.1f} {what}, the budget is {limit:,}"
            if value > limit * (1 + budgets["above"]):
                over.append(f"over: {line}")
            elif value < limit * (1 - budgets["below"]):
                under.append(f"lower the budget: {line}")
    return over, under


def table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join([row[0].ljust(widths[0])] + [
        cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]) + " |" for row in rows]
    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (w + 1) + ":" for w in widths[1:]), ""])
    return "\n".join([lines[0], rule, *lines[1:]])


def report(counted, calls, reached):
    """The figures as Markdown: the sums, where the instructions go, the system calls."""
    spent = {key: by_group(own) for key, (own, _) in counted.items()}
    columns = [(FLOOR, "hit"), *((OURS, case) for case in CASES)]
    sums = [["request", FLOOR, OURS, "above", "outside of malloc", "allocations", "system calls"]]
    for case, value in reached.items():
        sums.append([case, *(f"{spent[name, case].total():,.0f}" for name in (FLOOR, OURS)),
                     f"{value['total']:,.0f}", f"{value['instructions']:,.0f}",
                     f"{value['allocations']:.1f}", str(value["calls"])])
    groups = [["instructions in", FLOOR, *CASES]]
    groups += [[name, *(f"{spent[key][name]:,.0f}" for key in columns)] for name, _ in GROUPS]
    order = "\n".join(f"- {name}, {case}: {', '.join(calls[name, case])}"
                      for name, case in columns)
    return f"{table(sums)}\n\n{table(groups)}\n\nSystem calls in their order:\n\n{order}\n"


def profile(counted):
    """The 40 functions of each case that cost most, by their names in the source."""
    for case in CASES:
        top = collections.Counter(counted[OURS, case][0]).most_common(40)
        text = "\n".join(f"{cost:8,.0f}  {function}" for function, cost in top)
        if shutil.which("swift"):
            text = subprocess.run(["swift", "demangle", "--simplified", "--compact"], input=text,
                                  check=True, capture_output=True, text=True).stdout
        print(f"\n{case}\n{text}")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--profile", action="store_true", help="print the dearest functions too")
    options.add_argument("--report", type=pathlib.Path, help="a file for the tables")
    options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="coatcheck-") as folder:
        counted = count_instructions(folder)
    with tempfile.TemporaryDirectory(prefix="coatcheck-") as folder:
        calls = list_calls(folder)
    reached = figures(counted, calls)
    text = report(counted, calls, reached)
    print(text)
    if options.report:
        options.report.parent.mkdir(parents=True, exist_ok=True)
        options.report.write_text(text)
    if options.profile:
        profile(counted)
    over, under = compare(reached, tomllib.loads((HERE / "budgets.toml").read_text()))
    print(*over, *under, sep="\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
