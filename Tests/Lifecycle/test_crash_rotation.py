"""kill -9 after and during renewals, password changes and deletions: all of each, or nothing."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from support.checks import assert_problem
from support.clock import let_pass
from support.command_line import CommandLine, administrator
from support.deployment import Deploy, Deployment, Person
from support.events import EventLog
from support.parallel import given_ticket, log_in, post, status_of
from support.response import Response
from support.waiting import wait_until

ROUNDS = 15
CLIENTS = 6


def log_in_again(_: Deployment, person: Person) -> Response:
    return person.client.log_in(person.name, person.password)


def reauthenticate(_: Deployment, person: Person) -> Response:
    return person.client.post_json("/reauthenticate", {"password": person.password})


def change_password(site: Deployment, person: Person) -> Response:
    new = site.secrets.password()
    change = {"current": person.password, "new": new}
    person.password = new
    return person.client.post_json("/password", change)


@pytest.mark.parametrize("way", [log_in_again, reauthenticate, change_password])
def test_a_renewal_acknowledged_before_the_kill_holds(
    deploy: Deploy, way: Callable[[Deployment, Person], Response]
) -> None:
    """ASVS 7.2.4: the old ticket stays dead, and is still known to have been used up."""
    site = deploy()
    person = site.person()
    old, former = person.client.ticket_cookie, person.password
    other = given_ticket(log_in(site, person.name, person.password))
    session = person.client.get("/me").json()["session"]["id"]
    answer = way(site, person)
    assert answer.status in (200, 204), str(answer)
    site.kill()
    site.start()
    assert person.client.get("/me").status == 200
    # It answers a moment before it says that it has started.
    wait_until(lambda: site.log.read_text().count("sys_startup") == 2, "the start to be logged")
    log = EventLog(site.log)
    assert status_of(site, old) == 401
    (line,) = log.new()
    assert (line["event"], line["session"]) == ("authn_token_reuse", session)
    changed = way is change_password
    assert status_of(site, other) == (401 if changed else 200)
    assert log_in(site, person.name, person.password).status == 200
    assert log_in(site, person.name, former).status == (401 if changed else 200)


def test_a_deletion_acknowledged_before_the_kill_holds(deploy: Deploy) -> None:
    """ASVS 7.4.2."""
    site = deploy()
    person, stranger = site.person(), site.person()
    second = given_ticket(log_in(site, person.name, person.password))
    cookies = [person.client.ticket_cookie, second]
    assert person.client.request("DELETE", "/account").status == 204
    site.kill()
    site.start()
    assert {status_of(site, cookie) for cookie in cookies} == {401}
    answer = log_in(site, person.name, person.password)
    assert_problem(answer, 401, "invalid-credentials")
    assert stranger.client.get("/me").status == 200


def test_a_link_that_was_used_before_the_kill_stays_used(deploy: Deploy) -> None:
    """ASVS 6.4.1: single use, whatever happens in between."""
    site = deploy()
    person, admin = site.person(), administrator(site)
    user = person.client.get("/me").json()["id"]
    link = admin.client.request("POST", f"/users/{user}/link").json()["url"]
    (token,) = parse_qs(urlsplit(link).query)["token"]
    new = site.secrets.password()
    body = {"token": site.secrets.add(token), "password": new}
    assert post(site, "/set-password", body).status == 204
    site.kill()
    site.start()
    again = post(site, "/set-password", body | {"password": site.secrets.password()})
    assert_problem(again, 404, "link-unusable")
    assert person.client.get("/me").status == 401
    assert log_in(site, person.name, new).status == 200


def test_a_disabled_account_stays_disabled_over_a_kill(deploy: Deploy) -> None:
    """ASVS 7.4.2: enabled again it has its password, and none of its sessions."""
    site = deploy()
    person, admin = site.person(), administrator(site)
    path = f"/users/{person.client.get('/me').json()['id']}"
    assert admin.client.request("PATCH", path, json={"disabled": True}).status == 200
    site.kill()
    site.start()
    assert person.client.get("/me").status == 401
    assert log_in(site, person.name, person.password).status == 401
    CommandLine(site).do("user", "enable", person.name)
    assert person.client.get("/me").status == 401
    assert log_in(site, person.name, person.password).status == 200


@dataclass
class Renewer:
    """A client that renews until the server goes away, and what it knows of its account."""

    site: Deployment
    name: str
    password: str
    cookie: str
    # A password that was asked for, and not acknowledged.
    asked: str = ""
    is_under_way: bool = False
    renewals: int = 0
    failure: str = ""

    def __post_init__(self) -> None:
        self.dead: list[str] = []
        self.random = random.Random()

    def run(self) -> None:
        """Renews until there is no answer or none that was acknowledged."""
        while True:
            self.is_under_way, self.asked = True, ""
            path, body = "/reauthenticate", {"password": self.password}
            if self.random.random() < 0.5:
                self.asked = self.site.secrets.password()
                path, body = "/password", {"current": self.password, "new": self.asked}
            try:
                answer = post(self.site, path, body, self.cookie)
            except (OSError, ssl.SSLError, http.client.HTTPException):
                return
            if answer.status != 204:
                # nginx says so while the program is away.
                if b"problem:unavailable" not in answer.body:
                    self.failure = str(answer)
                return
            self.dead.append(self.cookie)
            self.cookie, self.is_under_way = given_ticket(answer), False
            self.password = self.asked or self.password
            self.renewals += 1

    def verify(self) -> str:
        """Looks at all that was promised, and says how the last request ended."""
        assert {status_of(self.site, cookie) for cookie in self.dead} <= {401}
        is_live = status_of(self.site, self.cookie) == 200
        assert is_live or self.is_under_way, "an acknowledged renewal is lost"
        passwords = [p for p in (self.password, self.asked) if p]
        right = [p for p in passwords if log_in(self.site, self.name, p).status == 200]
        assert len(right) == 1, f"{len(right)} of {len(passwords)} passwords are right"
        if self.asked and self.is_under_way:
            # Password and tickets are one transaction: both are new, or both old.
            assert is_live is (right[0] == self.password)
        return "acknowledged" if not self.is_under_way else "before" if is_live else "after"


def test_a_kill_leaves_every_renewal_whole(deploy: Deploy) -> None:
    """ASVS 7.2.4 and 15.4.2: with each password go its tickets, and with the other none."""
    site = deploy({"password.queue": 15, "session.per-account": 1000})
    people = [site.person() for _ in range(CLIENTS)]
    seen: Counter[str] = Counter()
    renewals = 0
    for _ in range(ROUNDS):
        clients = []
        for person in people:
            cookie = given_ticket(log_in(site, person.name, person.password))
            clients.append(Renewer(site, person.name, person.password, cookie))
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        let_pass(random.uniform(0.05, 0.4))
        site.kill()
        for thread in threads:
            thread.join(30)
        site.start()
        for person, client in zip(people, clients, strict=True):
            assert not client.failure, client.failure
            seen[client.verify()] += 1
            renewals += client.renewals
            if log_in(site, person.name, client.password).status != 200:
                client.password = client.asked
            person.password = client.password
    assert renewals > ROUNDS and seen["before"], f"{renewals} renewals, {json.dumps(seen)}"
