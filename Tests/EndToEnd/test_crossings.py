"""What crosses an end or a new password, and must not outlive it: renewals and logins under way."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support.clock import let_pass
from support.command_line import CommandLine, administrator
from support.deployment import Deploy, Deployment, Person
from support.parallel import given_ticket, log_in, post, status_of
from support.response import Response
from support.waiting import wait_until

# The longest queue that sixteen workers leave room for.
ROOMY = {"password.queue": 15, "throttle.account": 100, "session.per-account": 1000}
# The contract: a change by another process holds within a fifth of a second.
DELAY = 0.2
# At least so many rounds, and at most so many until both orders were seen.
ROUNDS, LIMIT = 20, 100
# About as long as a renewal takes, in seconds.
SPREAD = 0.03
LOGINS = 8


class Scene:
    """A person on two devices, and whoever may end sessions of theirs."""

    def __init__(self, site: Deployment) -> None:
        self.site = site
        self.admin = administrator(site)
        self.person = site.person()
        self.user = str(self.person.client.get("/me").json()["id"])
        self.begin()

    def begin(self) -> None:
        """Logs in on the device that renews and on the one that ends."""
        answers = [log_in(self.site, self.person.name, self.person.password) for _ in range(2)]
        self.renewing, self.ending = (given_ticket(answer) for answer in answers)
        self.identifier = self.me(self.renewing)["session"]["id"]

    def me(self, cookie: str) -> dict[str, Any]:
        """Who a ticket belongs to."""
        return dict(self.site.send("GET", "/me", headers={"Cookie": cookie}).json())

    def delete(self, path: str, cookie: str) -> int:
        """DELETE with a ticket."""
        return self.site.send("DELETE", path, headers={"Cookie": cookie}).status


def owner_ends_it(scene: Scene) -> int:
    return scene.delete(f"/sessions/{scene.identifier}", scene.ending)


def owner_ends_all_others(scene: Scene) -> int:
    return scene.delete("/sessions", scene.ending)


def same_device_logs_out(scene: Scene) -> int:
    return post(scene.site, "/logout", {}, scene.renewing).status


def administrator_ends_all(scene: Scene) -> int:
    return scene.delete(f"/users/{scene.user}/sessions", scene.admin.client.ticket_cookie)


def reauthenticate(scene: Scene) -> Response:
    return post(
        scene.site, "/reauthenticate", {"password": scene.person.password}, scene.renewing
    )


def change_password(scene: Scene) -> Response:
    new = scene.site.secrets.password()
    change = {"current": scene.person.password, "new": new}
    answer = post(scene.site, "/password", change, scene.renewing)
    if answer.status == 204:
        scene.person.password = new
    return answer


ENDS = [owner_ends_it, owner_ends_all_others, same_device_logs_out, administrator_ends_all]


@pytest.mark.parametrize("renew", [reauthenticate, change_password])
@pytest.mark.parametrize("end", ENDS)
def test_a_renewal_that_crosses_an_end_leaves_no_session(
    deploy: Deploy, end: Callable[[Scene], int], renew: Callable[[Scene], Response]
) -> None:
    """ASVS 7.4.1 and 15.4.2: after 204 neither the old ticket nor the new one opens anything.

    A password that was changed first has ended the session of whoever ends, who is then told 401.
    """
    scene = Scene(deploy(ROOMY))
    orders: Counter[str] = Counter()
    for number in range(LIMIT):
        scene.begin()

        def end_later() -> int:
            let_pass(random.uniform(0, SPREAD))
            return end(scene)

        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(end_later)
            renewed = renew(scene)
            ended = job.result()
        assert renewed.status in (204, 401), str(renewed)
        assert ended in (204, 401), ended
        tickets = [scene.renewing]
        if renewed.status == 204:
            tickets.append(given_ticket(renewed))
        else:
            assert renewed.session_cookie is None
        statuses = [status_of(scene.site, ticket) for ticket in tickets]
        if ended == 204:
            assert set(statuses) == {401}, f"renewed {renewed.status}, alive {statuses}"
            orders["renewed, ended" if renewed.status == 204 else "ended"] += 1
        else:
            assert (renew, renewed.status) == (change_password, 204)
            assert statuses == [401, 200]
            orders["renewed, refused"] += 1
        if number + 1 >= ROUNDS and orders["ended"] and len(orders) > 1:
            return
    raise AssertionError(f"no race: {orders}")


def by_link(scene: Scene) -> Callable[[], object]:
    """A one-time link sets the password."""
    path = f"/users/{scene.user}/link"
    link = post(scene.site, path, {}, scene.admin.client.ticket_cookie)
    assert link.status in (200, 201), str(link)
    (token,) = parse_qs(urlsplit(link.json()["url"]).query)["token"]
    new = scene.site.secrets.password()
    scene.site.secrets.add(token)
    body = {"token": token, "password": new}

    def act() -> None:
        assert post(scene.site, "/set-password", body).status == 204
        scene.person.password = new

    return act


def by_command(scene: Scene) -> Callable[[], object]:
    """`user passwd` beside the server."""
    new = scene.site.secrets.password()

    def act() -> None:
        CommandLine(scene.site).do("user", "passwd", scene.person.name, given=new + "\n")
        scene.person.password = new

    return act


def disabled_by_administrator(scene: Scene) -> Callable[[], object]:
    """PATCH of the account."""
    return lambda: _patch(scene, True)


def disabled_by_command(scene: Scene) -> Callable[[], object]:
    """`user disable` beside the server."""
    return lambda: CommandLine(scene.site).do("user", "disable", scene.person.name)


def _patch(scene: Scene, is_disabled: bool) -> None:
    answer = scene.admin.client.request(
        "PATCH", f"/users/{scene.user}", json={"disabled": is_disabled}
    )
    assert answer.status == 200, str(answer)


def keep_logging_in(
    scene: Scene, person: Person, over: threading.Event, answers: list[Response]
) -> None:
    """Logs in with one password again and again until told to stop."""
    while not over.is_set():
        answers.append(log_in(scene.site, person.name, person.password))


@pytest.mark.parametrize(
    "prepare", [by_link, by_command, disabled_by_administrator, disabled_by_command]
)
def test_no_login_under_way_outlives_what_shuts_it_out(
    deploy: Deploy, prepare: Callable[[Scene], Callable[[], object]]
) -> None:
    """ASVS 7.4.2, 7.4.3 and 15.4.2: a password checked before cannot begin a session after.

    Enabling the account again brings none of the sessions back.
    """
    scene = Scene(deploy(ROOMY))
    person = scene.person
    let_in = refused = 0
    for _ in range(4):
        old = Person(person.name, person.password, person.client)
        act, over = prepare(scene), threading.Event()
        answers: list[Response] = []
        with ThreadPoolExecutor(LOGINS) as pool:
            work = (keep_logging_in, scene, old, over, answers)
            jobs = [pool.submit(*work) for _ in range(LOGINS)]
            try:
                # The list grows meanwhile.
                wait_until(
                    lambda: 200 in [answer.status for answer in list(answers)],
                    "a login to be let in",
                    timeout=30,
                )
                act()
                let_pass(DELAY)
            finally:
                over.set()
            for job in jobs:
                job.result()
        assert {answer.status for answer in answers} <= {200, 401, 429}
        tickets = [given_ticket(answer) for answer in answers if answer.status == 200]
        assert {status_of(scene.site, ticket) for ticket in tickets} == {401}
        if prepare in (disabled_by_administrator, disabled_by_command):
            _patch(scene, False)
            assert {status_of(scene.site, ticket) for ticket in tickets} == {401}
        let_in += len(tickets)
        refused += len(answers) - len(tickets)
        path = f"/users/{scene.user}/sessions"
        cookie = {"Cookie": scene.admin.client.ticket_cookie}
        assert scene.site.send("GET", path, headers=cookie).json() == []
    assert let_in and refused, f"no race: {let_in} let in, {refused} refused"
