"""The metrics: Prometheus' text, exact counts, labels from fixed lists, and reached by few."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import fastcgi
from support.curl import FETCH, NAVIGATION
from support.deployment import Deploy, Deployment
from support.events import lines, parse_logfmt
from support.fastcgi import check
from support.guessing import tighten
from support.names import new_name
from support.prometheus import Scrape, parse
from support.waiting import wait_until

FAMILIES = {
    "coatcheck_requests_total": "counter",
    "coatcheck_checks_total": "counter",
    "coatcheck_check_duration_seconds": "histogram",
    "coatcheck_events_total": "counter",
    "coatcheck_workers": "gauge",
    "coatcheck_workers_busy": "gauge",
    "coatcheck_session_cache_bytes": "gauge",
    "coatcheck_session_cache_entries": "gauge",
    "coatcheck_session_cache_flushes_total": "counter",
    "coatcheck_session_cache_hits_total": "counter",
    "coatcheck_session_cache_misses_total": "counter",
    "coatcheck_password_queue": "gauge",
    "coatcheck_passwords_hashed_total": "counter",
    "coatcheck_throttle_entries": "gauge",
    "coatcheck_sessions_live": "gauge",
    "coatcheck_storage_bytes": "gauge",
}
REQUESTS, CHECKS = "coatcheck_requests_total", "coatcheck_checks_total"
EVENTS, DURATION = "coatcheck_events_total", "coatcheck_check_duration_seconds"
# Each look at the metrics is a request itself, seen by the next look.
LOOK = {("/metrics", "200"): 1.0}
STRANGER = {"Cookie": "__Host-session=" + "A" * 43}


@pytest.fixture
def quiet(deploy: Deploy) -> Iterator[Deployment]:
    """A site to which nothing happens but what the test does."""
    yield deploy({"log.level": "debug"}, login_burst=10_000)


def scrape(site: Deployment) -> Scrape:
    """The metrics of now, as Prometheus reads them through nginx."""
    answer = site.send("GET", "/metrics")
    assert answer.status == 200, str(answer)
    assert answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    return Scrape(answer.text)


def test_the_parser_refuses_what_prometheus_would(site: Deployment) -> None:
    """The other tests would prove little if it read anything."""
    good = site.send("GET", "/metrics").text
    assert parse(good)
    for bad in (
        good.rstrip("\n"),
        good.replace("# TYPE coatcheck_workers gauge\n", ""),
        good.replace("_workers 16", "_workers sixteen"),
        good.replace('{le="+Inf"} ', '{le="+Inf"} 9'),
        good.replace('status="', "status=", 1),
        good + good,
        good + "coatcheck_workers 16\n",
    ):
        assert bad != good
        with pytest.raises(AssertionError):
            parse(bad)


def test_everything_that_is_promised_is_there(quiet: Deployment) -> None:
    found = scrape(quiet).families
    assert {name: family.type for name, family in found.items()} == FAMILIES
    assert scrape(quiet).value("coatcheck_workers") == 16


def test_requests_are_counted_by_route_and_status(quiet: Deployment) -> None:
    person, guest = quiet.person(), quiet.client()
    user = person.client.get("/me").json()["id"]
    before = scrape(quiet)
    for path in ("/me", "/api/me", "/me"):
        assert guest.get(path).status == 401
    assert person.client.get("/me").status == 200
    assert person.client.request("HEAD", "/me").status == 200
    assert guest.log_in(person.name, quiet.secrets.password()).status == 401
    assert guest.log_in(person.name, person.password).status == 200
    assert guest.post_form("/login", {"username": "", "password": ""}).status == 400
    assert guest.request("POST", "/logout").status == 204
    assert guest.request("PUT", "/me").status == 405
    assert guest.get("/no/such/page").status == 404
    assert person.client.get(f"/users/{user}").status == 403
    assert person.client.request("DELETE", "/sessions/" + "A" * 22).status == 404
    assert guest.get("/dashboard", NAVIGATION).status == 303
    assert guest.get("/dashboard", FETCH).status == 401
    assert scrape(quiet).moved(REQUESTS, before) == LOOK | {
        ("/me", "401"): 3,
        ("/me", "200"): 2,
        ("/login", "401"): 1,
        ("/login", "200"): 1,
        ("/login", "400"): 1,
        ("/logout", "204"): 1,
        ("none", "405"): 1,
        ("none", "404"): 1,
        ("/users/{id}", "403"): 1,
        ("/sessions/{id}", "404"): 1,
        ("guard", "303"): 1,
        ("guard", "401"): 1,
    }


def test_checks_are_counted_and_timed(quiet: Deployment) -> None:
    person = quiet.person()
    cookie = person.client.ticket_cookie
    before = scrape(quiet)
    for number, policy, value in ((5, "user", cookie), (3, "admin", cookie), (2, "user", "")):
        for _ in range(number):
            quiet.ask(check(policy, value))
    assert person.client.get("/dashboard", NAVIGATION).status == 200
    after = scrape(quiet)
    assert after.moved(CHECKS, before) == {("204",): 6, ("403",): 3, ("401",): 2}
    assert after.value(f"{DURATION}_count") - before.value(f"{DURATION}_count") == 11
    spent = after.value(f"{DURATION}_sum") - before.value(f"{DURATION}_sum")
    assert 11e-7 < spent < 11, "seconds, not another unit"
    assert after.moved(REQUESTS, before) == LOOK, "checks are no requests for routes"


def test_events_are_counted_as_they_are_logged(quiet: Deployment) -> None:
    """Throttled tries and faults of the store are events too."""
    person = quiet.person()
    for number in range(12):
        if number == 10:
            # The delay is minutes from here on, so the other two cannot come after it.
            tighten(quiet, account=1)
        quiet.client().log_in(person.name, quiet.secrets.password())
    person.client.get("/staff", NAVIGATION)
    person.client.request("POST", "/logout")
    now = scrape(quiet)
    logged = Counter(parse_logfmt(line)["event"] for line in lines(quiet.log.read_bytes()))
    counted = {labels[0]: n for labels, n in now.moved(EVENTS).items()}
    assert counted == logged
    assert counted["authn_login_fail"] == 10 and counted["authn_login_lock"] == 2
    assert now.value("coatcheck_throttle_entries") >= 2


def test_what_a_flood_held_back_from_the_log_is_counted(quiet: Deployment) -> None:
    before = scrape(quiet)
    for _ in range(400):
        quiet.ask(check("user", "__Host-session=short"))
    assert scrape(quiet).moved(EVENTS, before) == {("suspicious_cookie",): 400}


def test_a_fault_of_the_store_is_counted(quiet: Deployment) -> None:
    quiet.person()
    before = scrape(quiet)
    database = sqlite3.connect(quiet.database, timeout=10, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    try:
        assert quiet.client().sign_up(new_name(), quiet.secrets.password()).status == 503
    finally:
        database.execute("ROLLBACK")
        database.close()
    after = scrape(quiet)
    # The timers of the store may have met the lock as well.
    assert after.moved(EVENTS, before)[("storage_failed",)] >= 1
    assert after.value(REQUESTS, route="/signup", status="503") == 1
    assert after.value(EVENTS, event="user_created") == 1


def test_sessions_and_the_cache(quiet: Deployment) -> None:
    people = [quiet.person() for _ in range(3)]
    assert scrape(quiet).value("coatcheck_sessions_live") == 3
    assert people[0].client.request("POST", "/logout").status == 204
    assert scrape(quiet).value("coatcheck_sessions_live") == 2
    quiet.restart()
    before = scrape(quiet)
    assert before.value("coatcheck_session_cache_entries") == 0
    cookie = people[1].client.ticket_cookie

    def looks() -> dict[str, float]:
        """How many of five checks were answered from the cache, and how many by storage."""
        first = scrape(quiet)
        for _ in range(5):
            assert quiet.ask(check("user", cookie)).status == 204
        last = scrape(quiet)
        names = {name: f"coatcheck_session_cache_{name}_total" for name in ("hits", "misses")}
        grown = {name: last.value(key) - first.value(key) for name, key in names.items()}
        assert sum(grown.values()) == 5
        return grown

    assert looks()["misses"] > 0
    # It counts while the changes of others are known.
    wait_until(lambda: looks()["hits"] == 5, "all to be answered from the cache")
    assert scrape(quiet).value("coatcheck_session_cache_entries") == 1
    assert before.value(EVENTS, event="user_created") == 0, "counters begin anew with the program"


def test_hashes_and_their_queue(deploy: Deploy) -> None:
    costly = {"password.memory": 65536, "password.passes": 10, "password.lanes": 1}
    site = deploy(costly, login_burst=10_000)
    person, before = site.person(), scrape(site)
    hashed = "coatcheck_passwords_hashed_total"
    assert site.client().log_in(person.name, person.password).status == 200
    # As much work for a name that nobody has (ASVS 6.3.8).
    assert site.client().log_in(new_name(), person.password).status == 401
    assert site.client().sign_up(new_name(), "short").status == 400
    idle = scrape(site)
    assert idle.value(hashed) - before.value(hashed) == 2
    assert idle.value("coatcheck_password_queue") == 0
    crowd = [
        threading.Thread(target=site.client().log_in, args=(person.name, person.password))
        for _ in range(3)
    ]
    for thread in crowd:
        thread.start()
    wait_until(
        lambda: scrape(site).value("coatcheck_password_queue") == 3,
        "three in the queue",
        timeout=10,
        interval=0,
    )
    assert scrape(site).value("coatcheck_workers_busy") >= 2
    for thread in crowd:
        thread.join(30)
    rest = scrape(site)
    assert (rest.value("coatcheck_password_queue"), rest.value(hashed) - idle.value(hashed)) == (
        0,
        3,
    )


def test_busy_workers(quiet: Deployment) -> None:
    """A worker whose request has not arrived whole is busy; so is the one that answers this."""

    def busy() -> float:
        return Scrape(quiet.ask(fastcgi.route("GET", "/metrics")).text).value(
            "coatcheck_workers_busy"
        )

    wait_until(lambda: busy() == 1, "the others to be done")
    body = json.dumps({"username": new_name(), "password": "short"}).encode()
    parameters = fastcgi.encode(fastcgi.route("POST", "/api/signup", body))
    head = fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, parameters)
    held = [fastcgi.Connection(quiet.socket) for _ in range(5)]
    for connection in held:
        connection.send(head + fastcgi.record(fastcgi.STDIN, body[:5]))
    wait_until(lambda: busy() == 6, "five to be busy")
    for connection in held:
        with connection:
            connection.send(fastcgi.record(fastcgi.STDIN, body[5:]) + fastcgi.record(fastcgi.STDIN))
            assert fastcgi.parse(connection.receive()).status == 400
    wait_until(lambda: busy() == 1, "all to be done")


def test_nothing_is_lost_when_many_count_at_once(quiet: Deployment) -> None:
    cookie = quiet.person().client.ticket_cookie
    before = scrape(quiet)

    def work(_: int) -> None:
        for _ in range(50):
            assert quiet.ask(check("user", cookie)).status == 204
            assert quiet.ask(fastcgi.route("GET", "/me")).status == 401
            scrape(quiet)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    after = scrape(quiet)
    assert after.moved(CHECKS, before) == {("204",): 400}
    assert after.moved(REQUESTS, before) == {("/me", "401"): 400, ("/metrics", "200"): 401}


def test_nobody_can_make_a_new_series(quiet: Deployment) -> None:
    """Labels come from fixed lists: paths, methods, names and policies that are typed are none."""

    def misuse(mark: str) -> None:
        odd = f'/{mark}"%0a%22{{}}\\'
        for path in (f"/{mark}", f"/users/{mark}", f"/me/{mark}", f"/me?{mark}=1", odd):
            for method in ("GET", "POST", "DELETE", "PATCH", mark.upper()):
                quiet.ask(fastcgi.route(method, path, HTTP_COOKIE=STRANGER["Cookie"]))
        quiet.ask(fastcgi.route("GET", "/me", SCRIPT_NAME=f"/{mark}"))
        quiet.ask(fastcgi.route("GET", "/me", COATCHECK_MODE=mark))
        quiet.ask(check(mark, cookie))
        body = json.dumps({"username": mark, "password": mark}).encode()
        quiet.ask(fastcgi.route("POST", "/login", body, REMOTE_ADDR=mark), body)

    cookie = quiet.person().client.ticket_cookie
    misuse("first-mark")
    known = set(scrape(quiet).series)
    for number in range(5):
        misuse(f"mark{number}")
    text = quiet.send("GET", "/metrics").text
    assert "mark" not in text
    look = (REQUESTS, (("route", "/metrics"), ("status", "200")))
    assert set(Scrape(text).series) - known <= {look}


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.5", "2001:db8::1", "::ffff:10.1.1.1"])
def test_only_this_machine_reaches_metrics_and_health(deploy: Deploy, address: str) -> None:
    """ASVS 13.4.5: nginx refuses everybody else, with what stands in the snippet as it is."""
    site = deploy()
    assert site.gateway is not None
    site.gateway.stop()
    text = site.gateway.configuration.read_text()
    # A trusted proxy in front, so that a test on this machine can come from elsewhere.
    include = "include snippets/coatcheck-http.conf;"
    assert text.count(include) == 1
    proxy = "set_real_ip_from 127.0.0.0/8; real_ip_header X-Test-Address;"
    site.gateway.configuration.write_text(text.replace(include, f"{include} {proxy}"))
    site.gateway.start()
    paths = ("/metrics", "/api/metrics", "/health/ready", "/health/live")
    before = Scrape(site.ask(fastcgi.route("GET", "/metrics")).text)
    for path in paths:
        answer = site.send("GET", path, headers={"X-Test-Address": address})
        assert answer.status == 403, f"{path}: {answer}"
        assert b"coatcheck_" not in answer.body
    after = Scrape(site.ask(fastcgi.route("GET", "/metrics")).text)
    assert after.moved(REQUESTS, before) == LOOK, "the program was not asked"
    for path in paths:
        for near in ("127.0.0.1", "::1"):
            answer = site.send("GET", path, headers={"X-Test-Address": near})
            assert answer.status == 200, path


def test_metrics_are_read_only_and_kept_by_nobody(site: Deployment) -> None:
    assert site.send("POST", "/metrics").status == 405
    answer = site.send("GET", "/metrics")
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert site.send("HEAD", "/metrics").body == b""
