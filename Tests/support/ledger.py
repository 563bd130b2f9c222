"""Clients that work while something fails, and what the server has confirmed to them."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import threading
from collections import Counter
from dataclasses import dataclass, field

from .curl import FETCH
from .deployment import Deployment
from .names import new_name, new_source
from .response import Response

JSON = {"Content-Type": "application/json"}
# What nginx says while the program is away.
AWAY = ("unavailable",)
# What the program says while its store fails or its hashing is busy.
FAILING = (*AWAY, "storage-unavailable", "busy")


@dataclass
class Ledger:
    """What the server has confirmed; what was under way counts for neither side."""

    accounts: list[tuple[str, str]] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    # Logouts that were refused or not answered: their sessions may be live or over.
    doubtful: set[str] = field(default_factory=set)
    # How many answers there were, by what was asked for and the status; 0 is none at all.
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def add(self, other: Ledger) -> None:
        """Takes over what another one knows."""
        self.accounts += other.accounts
        self.live |= other.live
        self.ended |= other.ended
        self.doubtful |= other.doubtful
        self.answers += other.answers

    @property
    def acknowledged(self) -> int:
        """How many sign-ups, logins and logouts were confirmed."""
        return sum(n for (_, status), n in self.answers.items() if status < 300 and status)

    @property
    def refused(self) -> int:
        """How many were not."""
        return self.answers.total() - self.acknowledged


class Visitor(threading.Thread):
    """Signs up, logs in and logs out until it is told to stop, and remembers every answer.

    Failures of a kind in `excused` belong to the test; any other is kept in `failure`.
    """

    def __init__(
        self, deployment: Deployment, seed: int, excused: tuple[str, ...] = AWAY
    ) -> None:
        super().__init__()
        self._deployment = deployment
        self._random = random.Random(seed)
        self._source = new_source()
        self._excused = [f"urn:coatcheck:problem:{kind}".encode() for kind in excused]
        self.confirmed = Ledger()
        self.over = threading.Event()
        # Whoever holds it knows that no request is under way.
        self.turn = threading.Lock()
        self.failure: str | None = None

    def run(self) -> None:
        """Works until `over` is set."""
        while not self.over.is_set():
            with self.turn:
                is_refused = self._step()
            if is_refused:
                # A client that is told to come back later does not come at once.
                self.over.wait(0.02)

    def _step(self) -> bool:
        confirmed = self.confirmed
        choice = self._random.random()
        if choice < 0.4 or not confirmed.accounts:
            account = (new_name("crash"), self._deployment.secrets.password())
            answer = self._post("/signup", account)
            if answer is not None and answer.status == 201:
                confirmed.accounts.append(account)
                confirmed.live.add(self._ticket(answer))
        elif choice < 0.7 or not confirmed.live:
            answer = self._post("/login", self._random.choice(confirmed.accounts))
            if answer is not None and answer.status == 200:
                confirmed.live.add(self._ticket(answer))
        else:
            # From here on the session may be over, whether or not the answer arrives.
            cookie = self._random.choice(sorted(confirmed.live))
            confirmed.live.discard(cookie)
            answer = self._ask("/logout", {"Cookie": cookie}, None, self._source)
            is_over = answer is not None and answer.status == 204
            (confirmed.ended if is_over else confirmed.doubtful).add(cookie)
        return answer is None or answer.status == 503

    def _post(self, path: str, account: tuple[str, str]) -> Response | None:
        # Every try comes from another address, past nginx's limit for logins.
        body = json.dumps({"username": account[0], "password": account[1]}).encode()
        return self._ask(path, JSON, body, new_source())

    def _ask(
        self, path: str, headers: dict[str, str], body: bytes | None, source: str
    ) -> Response | None:
        try:
            answer = self._deployment.send(
                "POST", path, headers=headers, body=body, source=source
            )
        except (OSError, ssl.SSLError, http.client.HTTPException):
            self.confirmed.answers[path, 0] += 1
            return None
        self.confirmed.answers[path, answer.status] += 1
        if answer.status >= 400 and not any(kind in answer.body for kind in self._excused):
            self.failure = str(answer)
        return answer

    def _ticket(self, answer: Response) -> str:
        cookie = (answer.session_cookie or "").split(";")[0]
        self._deployment.secrets.add(cookie.partition("=")[2])
        return cookie


class Doorkeeper(threading.Thread):
    """Asks for a guarded page with a live ticket and with an ended one, again and again.

    Whatever fails, the one is never told that it is signed out, and the other never let in. An
    error page is closed: 500 where the check failed, 502 where the way to the login did.
    """

    CLOSED = frozenset({500, 502, 503, 504})

    def __init__(self, deployment: Deployment, live: str, ended: str) -> None:
        super().__init__()
        self._deployment = deployment
        self._tickets = [("live", live, {200}), ("ended", ended, {401})]
        self.over = threading.Event()
        self.answers: Counter[tuple[str, int]] = Counter()

    def run(self) -> None:
        """Looks until `over` is set."""
        while not self.over.is_set():
            for kind, cookie, _ in self._tickets:
                try:
                    answer = self._deployment.send(
                        "GET", "/dashboard", headers=FETCH | {"Cookie": cookie}
                    )
                    self.answers[kind, answer.status] += 1
                except (OSError, ssl.SSLError, http.client.HTTPException):
                    self.answers[kind, 0] += 1
            self.over.wait(0.02)

    @property
    def closed(self) -> int:
        """How many times the page was an error."""
        return sum(n for (_, status), n in self.answers.items() if status in self.CLOSED)

    def verify(self) -> None:
        """Every answer was one of those allowed; 0 is a connection that nginx did not answer."""
        for kind, _, allowed in self._tickets:
            seen = {status for name, status in self.answers if name == kind}
            assert seen <= allowed | self.CLOSED | {0}, f"{kind}: {self.answers}"
            assert seen, f"nobody asked with the {kind} ticket"


def verify(deployment: Deployment, confirmed: Ledger) -> None:
    """Every acknowledged account, login and logout holds."""

    def status(cookie: str) -> int:
        return deployment.send("GET", "/me", headers={"Cookie": cookie}).status

    for cookie in confirmed.live:
        assert status(cookie) == 200, "an acknowledged login is lost"
    for cookie in confirmed.ended:
        assert status(cookie) == 401, "an ended session came back"
    for cookie in confirmed.doubtful:
        headers = FETCH | {"Cookie": cookie}
        page = deployment.send("GET", "/dashboard", headers=headers).status
        assert page == status(cookie) in (200, 401), "the check and the store do not agree"
    for name, password in confirmed.accounts:
        body = json.dumps({"username": name, "password": password}).encode()
        answer = deployment.send(
            "POST", "/login", headers=JSON, body=body, source=new_source()
        )
        assert answer.status == 200, f"the acknowledged account {name} is lost: {answer}"
