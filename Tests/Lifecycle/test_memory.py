"""The most memory that the program takes, below what its unit allows; and none left to be had."""

from __future__ import annotations

import json
import re
import resource
import sqlite3
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import fastcgi
from support.checks import assert_problem
from support.command_line import administrator
from support.deployment import Deploy, Deployment
from support.fastcgi import PARAMS, STDIN, begin, check, encode, record, route, stream
from support.faults import Load, Watch
from support.prometheus import Scrape

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Benchmarks"))

import store  # noqa: E402

PEOPLE = 100_000
WORKERS = 16
# The settings that a service has: Argon2id as OWASP recommends it, and the cache as it is.
DEFAULTS = {"password.memory": 19_456, "password.passes": 2, "workers": WORKERS}
BODY = json.dumps({"username": "x" * 200, "password": "y" * 65_000}).encode()


def limit() -> int:
    """What the unit allows, in bytes."""
    match = re.search(r"^MemoryMax=(\d+)M$", (ROOT / "deploy/coatcheck.service").read_text(), re.M)
    assert match, "the unit has a limit"
    return int(match[1]) << 20


def peak(site: Deployment) -> int:
    """The most resident memory so far, in bytes (proc(5), VmHWM), that of libraries included."""
    status = Path(f"/proc/{site.process.pid}/status").read_text()
    match = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)
    assert match
    return int(match[1]) << 10


def fill(site: Deployment) -> list[str]:
    """Many accounts with a session each; their cookies."""
    devices, store.DEVICES = store.DEVICES, 1
    try:
        return [f"__Host-{cookie}" for cookie in store.fill(site.database, PEOPLE)]
    finally:
        store.DEVICES = devices


def check_all(site: Deployment, cookies: list[str]) -> None:
    """A check of each session on one kept connection."""
    with fastcgi.Connection(site.socket) as connection:
        for cookie in cookies:
            parameters = stream(PARAMS, encode(check("user", cookie)))
            connection.send(begin(keep=True) + parameters + record(STDIN))
            assert connection.socket.recv(4096)[8:19] == b"Status: 204"


def by_all(work: Callable[[], object], times: int) -> None:
    """The same from as many clients as there are workers, and some more."""
    with ThreadPoolExecutor(WORKERS + 8) as pool:
        for result in [pool.submit(work) for _ in range(times)]:
            result.result()


def test_the_worst_load_stays_below_what_the_unit_allows(deploy: Deploy) -> None:
    site = deploy(DEFAULTS, login_burst=100_000)
    admin, person = administrator(site), site.person()
    lines: list[tuple[str, int]] = [("a few requests", peak(site))]
    user = person.client.get("/me").json()["id"]
    with sqlite3.connect(site.database, timeout=10) as database:
        line = (int(time.time()), "authn_login_fail", user, "x" * 200)
        database.executemany(
            "INSERT INTO audit (at, event, user_id, detail) VALUES (?, ?, ?, ?)", [line] * 10_000
        )
    database.close()
    check_all(site, fill(site))
    cached = Scrape(site.send("GET", "/metrics").text).value("coatcheck_session_cache_bytes")
    assert cached > 10 << 20, f"the cache holds only {cached} bytes"
    lines.append((f"{PEOPLE} sessions in the cache", peak(site)))
    login = json.dumps({"username": person.name, "password": person.password}).encode()
    own, others = person.client.ticket_cookie, admin.client.ticket_cookie

    def ask(method: str, path: str, body: bytes = b"", cookie: str = "") -> Callable[[], object]:
        octets = begin() + stream(
            PARAMS, encode(route(method, path, body, HTTP_COOKIE=cookie))
        )
        octets += stream(STDIN, body) if body else record(STDIN)
        return lambda: fastcgi.exchange(site.socket, octets, 60)

    work = {
        "logins, more than can be hashed": (ask("POST", "/api/login", login), 200),
        "bodies of 64 KiB": (ask("POST", "/api/signup", BODY), 400),
        "my data with 10000 events": (ask("GET", "/account/data", cookie=own), 100),
        "pages of the accounts": (ask("GET", "/users?q=user", cookie=others), 200),
    }
    for name, (job, times) in work.items():
        by_all(job, times)
        lines.append((name, peak(site)))
    with ThreadPoolExecutor(len(work)) as pool:
        for result in [pool.submit(by_all, job, times) for job, times in work.values()]:
            result.result()
    lines.append(("all of these together", peak(site)))
    for name, octets in lines:
        print(f"{name}: {octets / (1 << 20):.0f} MiB")
    assert lines[-1][1] < limit() * 3 // 4, lines
    assert person.client.get("/me").status == 200


def address_space(pid: int) -> int:
    """How much address space a process has, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


def test_a_login_for_whose_hash_there_is_no_memory_is_503(deploy: Deploy) -> None:
    """A hash is what takes the most at once; who is logged in does not notice."""
    site = deploy({"password.memory": 1 << 18, "password.passes": 1}, login_burst=10_000)
    person = site.person()
    pid, watch = site.process.pid, Watch(site)
    old = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (address_space(pid) + (1 << 27), old[1]))
    for password in (person.password, site.secrets.password()):
        answer = site.client().log_in(person.name, password)
        assert_problem(answer, 503, "busy")
        assert person.client.get("/dashboard").status == 200
    resource.prlimit(pid, resource.RLIMIT_AS, old)
    assert site.client().log_in(person.name, person.password).status == 200
    assert site.process.pid == pid and watch.count("authn_login_busy") >= 2


def test_a_program_that_ends_for_want_of_memory_has_lost_nothing(deploy: Deploy) -> None:
    """Swift ends a program that gets no memory; the next one finds all that was confirmed."""
    site = deploy(login_burst=10_000)
    with Load(site) as load:
        load.wait_for_work()
        pid = site.process.pid
        site.process.was_told_to_end = True
        resource.prlimit(pid, resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))
        load.wait_for_refusals()
        site.kill() if site.process.is_running else site.process.wait()
        site.start()
        load.wait_for_work()
    load.verify()
