"""A storm of logins, and what checks on other connections feel of it."""

import contextlib
import http.client
import json
import pathlib
import re
import secrets
import sqlite3
import subprocess
import threading
import time
import urllib.parse
from dataclasses import dataclass
from functools import partial

import people
import store
from figures import Target, latencies, latency_ratio, percentile, rate_ratio, rates, table
from load import HERE, rounds, run
from sites import program, serve_responder, start_coatcheck
from stage import environment

TITLE = "Storm of logins"
WAY = "auth_request"
CLIENTS = 64
PEOPLE = 1000
# Coatcheck's defaults: `password.lanes`, `password.memory` in KiB, `password.passes`.
LANES, MEMORY, PASSES = 2, 19_456, 2

ALONE = "nothing"
WORK = "other work"
CLIENTS_TOO = "other work, other clients"
STORM = "storm"
PATIENT = "storm that heeds Retry-After"


def measure(stage, options):
    """Checks alone, beside as much other work, and during the storm."""
    password = secrets.token_hex(16)
    site = start_coatcheck(stage, "storm", partial(with_password, password),
                           password_memory=MEMORY, password_passes=PASSES, password_lanes=LANES)
    run(site.urls[WAY], site.cookies, 64, 2)
    before = resident_peak(site.child.pid)
    logins = partial(storm, site, password)
    refused, answers = [], []  # by the one client that keeps time, and by the storm

    with logins("/api/login", 0, 2), probe(site, refused):
        time.sleep(1)
    serve_responder(stage, site.folder, refusal(refused), unix_socket="refused.sock")
    refused.clear()

    def disturbed(disturbances, connections, seconds):
        with contextlib.ExitStack() as stack:
            for disturbance in disturbances:
                stack.enter_context(disturbance(seconds))
            time.sleep(0.5)
            return run(site.urls[WAY], site.cookies, connections, seconds)

    hammering = [partial(logins, "/api/login", 0, answers=answers),
                 lambda _: probe(site, refused)]
    states = {ALONE: [], WORK: [low_priority_work],
              CLIENTS_TOO: [low_priority_work, partial(logins, "/refused", 0)],
              STORM: hammering, PATIENT: [partial(logins, "/api/login", 1000)]}
    runs = rounds({
        connections: {state: partial(disturbed, disturbances, connections)
                      for state, disturbances in states.items()}
        for connections in ([8] if options.quick else [8, 16])}, options)
    growth = (resident_peak(site.child.pid) - before) / (LANES * MEMORY * 1024)

    late = percentile([answer.milliseconds for answer in refused], 99)
    unfit = [answer for answer in refused
             if answer.status != 503 or not answer.retry_after]
    markdown = (
        f"In the storm {CLIENTS} clients log in as fast as they are answered, with the right "
        "password, a wrong one and unknown names in turns, from 2^17 addresses; the hashes take "
        f"{LANES} lanes of {MEMORY} KiB. Other work is {LANES} processes of nice 10 that do nothing"
        " but compute; other clients are as many, as fast, whom a C responder behind the same nginx"
        " refuses with the same bytes.\n\n"
        + checks_table(runs)
        + f"\n\nThe storm was answered {answered(answers)}. Another client, which keeps time, was "
        f"refused {len(refused):,} times, with a p99 of {late:.1f} ms. Coatcheck's memory peaked "
        f"{growth:.2f} times what the lanes take over what it had.")
    return markdown, {"checks": runs, "refused p99": late, "memory": growth}, [
        *targets(runs),
        Target("storm: peak of the memory over what it had, of what the lanes take", growth,
               most=1.1),
        Target("storm: logins refused without 503 and Retry-After", len(unfit), most=0),
        Target("storm: p99 of refused logins, ms", late, most=50)]


def targets(runs):
    """What issue 4 asks of checks during a storm; what it is compared with has the same load."""
    for connections, members in runs.items():
        for state, base in ((STORM, CLIENTS_TOO), (STORM, WORK), (PATIENT, WORK)):
            where = f"{state}, checks at {connections} connections"
            yield Target(f"{where}: of those beside {base}",
                         rate_ratio(members[state], members[base]).median, least=0.7)
            yield Target(f"{where}: p99, of that beside {base}",
                         latency_ratio(members[state], members[base], 99).median, most=3)


def checks_table(runs):
    """The checks in each state."""
    return table(
        ["connections", "beside the checks", "checks/s", "of those alone", "p50 ms", "p99 ms",
         "p99.9 ms", "p99, of that alone"],
        [[str(connections), state, rates(own).text(",.0f"),
          rate_ratio(own, members[ALONE]).text(".2f"),
          *(f"{latencies(own, point).median:.2f}" for point in (50, 99, 99.9)),
          latency_ratio(own, members[ALONE], 99).text(".2f")]
         for connections, members in runs.items() for state, own in members.items()])


def answered(answers):
    """`200: 9, 401: 18, 503: 37,430`"""
    statuses = {}
    for answer in answers:
        for status, count in answer["statuses"].items():
            statuses[status] = statuses.get(status, 0) + count
    return ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))


def with_password(password, database):
    """Fills the store with people who all have one password; returns the Cookie headers."""
    subprocess.run([program(), "user", "add", "model", "--config", database.with_name(
        "coatcheck.yaml")], input=password + "\n", text=True, check=True, stdout=subprocess.DEVNULL,
        env=environment())
    cookies = store.fill(database, PEOPLE * store.DEVICES)
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE users SET password_hash = "
                   "(SELECT password_hash FROM users WHERE username = 'model')")
    return cookies


@contextlib.contextmanager
def low_priority_work(seconds):
    """As many busy processes as there are hashing lanes, with the priority of these."""
    workers = [subprocess.Popen(["nice", "-n", "10", "sha256sum", "/dev/zero"],
                                stdout=subprocess.DEVNULL) for _ in range(LANES)]
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


@contextlib.contextmanager
def storm(site, password, path, pause, seconds, answers=None):
    """Clients that log in from some time before the checks until some time after them."""
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds + 2}s", "-s", HERE / "storm.lua",
               site.urls["/me"].replace("/me", path), "--", password, PEOPLE, pause]
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    try:
        yield
        output, _ = child.communicate(timeout=seconds + 30)
    finally:
        child.kill()
        child.wait()
    if answers is not None:
        answers.append(json.loads(re.search(r"^RESULT (.*)$", output, re.MULTILINE)[1]))


@dataclass(frozen=True)
class Refusal:
    """A login that the queue had no place for."""

    status: int
    retry_after: str | None
    content_type: str
    body: bytes
    milliseconds: float


@contextlib.contextmanager
def probe(site, refused):
    """One more client with unknown names, which keeps the time of each refusal.

    wrk cannot: it adds what requests would have waited that it left out while one was slow.
    """
    over = threading.Event()

    def keep_logging_in():
        address = urllib.parse.urlsplit(site.urls["/me"]).netloc
        with contextlib.closing(http.client.HTTPConnection(address, timeout=30)) as connection:
            while not over.is_set():
                body = json.dumps({"username": secrets.token_hex(8), "password": "one umbrella"})
                began = time.monotonic()
                connection.request("POST", "/api/login", body, {
                    "Content-Type": "application/json",
                    "X-Real-IP": people.address(secrets.randbelow(2**17))})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 401:  # its password was hashed
                    refused.append(Refusal(answer.status, answer.headers["Retry-After"],
                                           answer.headers["Content-Type"], text,
                                           (time.monotonic() - began) * 1000))

    thread = threading.Thread(target=keep_logging_in)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def refusal(refused):
    """The same answer, as a FastCGI program gives it."""
    answer = next((answer for answer in refused if answer.status == 503), None)
    if not answer:
        raise SystemExit("bench: no login was refused during a storm of them")
    head = (f"Status: 503 Service Unavailable\r\nContent-Type: {answer.content_type}\r\n"
            f"Retry-After: {answer.retry_after}\r\nCache-Control: no-store\r\n\r\n")
    return head.encode() + answer.body


def resident_peak(pid):
    """The most bytes that were resident at any time."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024
