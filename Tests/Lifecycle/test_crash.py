"""kill -9 and a start on the same folder: what was acknowledged holds (promises 2 and 3)."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import threading
from dataclasses import dataclass, field

from support.checks import assert_refused
from support.clock import let_pass
from support.deployment import Deploy, Deployment
from support.names import new_name, new_source
from support.response import Response

ROUNDS = 30
CLIENTS = 6
JSON = {"Content-Type": "application/json"}


def test_accounts_and_sessions_live_on_after_a_kill(deploy: Deploy) -> None:
    deployment = deploy()
    person = deployment.person()
    before = person.client.get("/me").json()
    deployment.kill()
    deployment.start()
    after = person.client.get("/me").json()
    assert after["session"]["id"] == before["session"]["id"]
    assert after["id"] == before["id"]
    assert deployment.client().log_in(person.name, person.password).status == 200


def test_accounts_and_sessions_live_on_after_a_polite_restart(deploy: Deploy) -> None:
    deployment = deploy()
    person = deployment.person()
    deployment.restart()
    assert person.client.get("/me").json()["username"] == person.name


def test_a_logout_acknowledged_before_the_kill_stays_a_logout(deploy: Deploy) -> None:
    deployment = deploy()
    person = deployment.person()
    cookie = person.client.ticket_cookie
    assert person.client.request("POST", "/logout").status == 204
    deployment.kill()
    deployment.start()
    assert_refused(deployment.client().get("/me", {"Cookie": cookie}))


@dataclass
class Acknowledged:
    """What the server has confirmed to one client; what was under way counts for neither."""

    accounts: list[tuple[str, str]] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)


class Worker(threading.Thread):
    """Signs up, logs in and logs out until the server goes away, and remembers every answer."""

    def __init__(self, deployment: Deployment, seed: int) -> None:
        super().__init__()
        self._deployment = deployment
        self._random = random.Random(seed)
        self._source = new_source()
        self.confirmed = Acknowledged()
        self.over = threading.Event()
        self.failure: str | None = None

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self._step()
            except (OSError, ssl.SSLError, http.client.HTTPException):
                return

    def _step(self) -> None:
        confirmed = self.confirmed
        choice = self._random.random()
        if choice < 0.4 or not confirmed.accounts:
            account = (new_name("crash"), self._deployment.secrets.password())
            answer = self._post("/signup", account)
            if answer.status == 201:
                confirmed.accounts.append(account)
                confirmed.live.add(self._ticket(answer))
        elif choice < 0.7 or not confirmed.live:
            answer = self._post("/login", self._random.choice(confirmed.accounts))
            if answer.status == 200:
                confirmed.live.add(self._ticket(answer))
        else:
            # From here on the session may be over, whether or not the answer arrives.
            cookie = self._random.choice(sorted(confirmed.live))
            confirmed.live.discard(cookie)
            answer = self._deployment.send(
                "POST", "/logout", headers={"Cookie": cookie}, source=self._source
            )
            if answer.status == 204:
                confirmed.ended.add(cookie)
        # nginx says `unavailable` while the program is away; no other failure belongs here.
        if answer.status >= 500 and b"problem:unavailable" not in answer.body:
            self.failure = str(answer)

    def _post(self, path: str, account: tuple[str, str]) -> Response:
        # Every try comes from another address, past nginx's limit for logins.
        body = json.dumps({"username": account[0], "password": account[1]}).encode()
        return self._deployment.send("POST", path, headers=JSON, body=body, source=new_source())

    def _ticket(self, answer: Response) -> str:
        cookie = (answer.session_cookie or "").split(";")[0]
        self._deployment.secrets.add(cookie.partition("=")[2])
        return cookie


def verify(deployment: Deployment, confirmed: Acknowledged) -> None:
    """Every acknowledged account, login and logout holds."""

    def status(cookie: str) -> int:
        return deployment.send("GET", "/me", headers={"Cookie": cookie}).status

    for cookie in confirmed.live:
        assert status(cookie) == 200, "an acknowledged login is lost"
    for cookie in confirmed.ended:
        assert status(cookie) == 401, "an ended session came back"
    for name, password in confirmed.accounts:
        body = json.dumps({"username": name, "password": password}).encode()
        answer = deployment.send(
            "POST", "/login", headers=JSON, body=body, source=new_source()
        )
        assert answer.status == 200, f"the acknowledged account {name} is lost: {answer}"


def test_everything_acknowledged_survives_kills_at_random_moments(deploy: Deploy) -> None:
    """Dozens of kills while clients work; each is followed by a look at all that was promised."""
    deployment = deploy()
    chance = random.Random()
    everything = Acknowledged()
    for number in range(ROUNDS):
        workers = [Worker(deployment, number * CLIENTS + i) for i in range(CLIENTS)]
        for worker in workers:
            worker.start()
        let_pass(chance.uniform(0.05, 0.5))
        deployment.kill()
        for worker in workers:
            worker.over.set()
        for worker in workers:
            worker.join(30)
            assert not worker.failure, worker.failure
        deployment.start()
        for worker in workers:
            verify(deployment, worker.confirmed)
            everything.accounts += worker.confirmed.accounts
            everything.live |= worker.confirmed.live
            everything.ended |= worker.confirmed.ended
    assert len(everything.accounts) > ROUNDS, "the clients hardly worked"
    assert len(everything.ended) > ROUNDS, "the clients hardly logged out"
    verify(deployment, Acknowledged(live=everything.live, ended=everything.ended))
