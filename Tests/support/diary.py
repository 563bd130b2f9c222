"""One client after the other: what is asked of a machine, and what is written down of it.

It speaks FastCGI straight to the sockets, as each machine's nginx does.
"""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import fastcgi
from .names import new_name, new_source
from .operations import Kind, Operation, Outcome
from .response import Response

YES, REFUSED, FAILED = Outcome.YES, Outcome.REFUSED, Outcome.FAILED


@dataclass
class Account:
    """Somebody, and which sessions there are and were, by the cookie and the public id."""

    name: str
    password: str
    live: dict[str, str] = field(default_factory=dict)
    # The last that have ended, or may have.
    gone: deque[str] = field(default_factory=lambda: deque(maxlen=12))
    # Held by whoever needs the password to stay as it is.
    turn: threading.Lock = field(default_factory=threading.Lock)
    # Nobody knows the password any more.
    is_lost: bool = False


@dataclass(frozen=True)
class Answer:
    """An answer, or none, and when."""

    response: Response | None
    invoked: float
    answered: float

    @property
    def status(self) -> int:
        """The status; 0 for none."""
        return self.response.status if self.response is not None else 0


class Diary:
    """Asks, and remembers what was answered."""

    def __init__(self, sockets: Sequence[Path], seed: int) -> None:
        self.sockets = sockets
        self.random = random.Random(seed)
        self.accounts: list[Account] = []
        self.operations: list[Operation] = []
        # What no promise allows, which is not for the checker to judge.
        self.surprises: list[str] = []
        self.secrets: list[str] = []

    def ask(
        self, machine: int, method: str, path: str, cookie: str = "", body: object = None
    ) -> Answer:
        """One request to a machine."""
        octets = json.dumps(body).encode() if body is not None else b""
        source = {"REMOTE_ADDR": new_source(), "HTTP_COOKIE": cookie}
        return self._exchange(machine, fastcgi.route(method, path, octets, **source), octets)

    def _exchange(
        self, machine: int, parameters: fastcgi.Parameters, body: bytes = b""
    ) -> Answer:
        invoked = time.monotonic()
        try:
            response = fastcgi.request(self.sockets[machine], parameters, body)
        except (OSError, AssertionError):
            response = None
        answer = Answer(response, invoked, time.monotonic())
        # A client that was refused for the time being does not come again at once.
        if answer.status in (0, 503):
            time.sleep(0.005)
        return answer

    def note(
        self,
        kind: Kind,
        account: Account,
        session: str,
        machine: int,
        answer: Answer,
        outcome: Outcome,
        replaces: str = "",
    ) -> None:
        """Writes an operation down."""
        if outcome is FAILED and answer.status not in (0, 503):
            self.surprises.append(f"{kind.value}: {answer.response}")
        self.operations.append(
            Operation(
                *(kind, account.name, session, machine, answer.invoked, answer.answered, outcome),
                replaces=replaces,
            )
        )

    def sign_up(self, machine: int) -> None:
        """Adds an account."""
        account = Account(new_name(), self.password())
        body = {"username": account.name, "password": account.password}
        answer = self.ask(machine, "POST", "/signup", body=body)
        outcome = YES if answer.status == 201 else FAILED
        session = self.ticket(answer) if outcome is YES else ""
        self.note(Kind.SIGN_UP, account, session, machine, answer, outcome)
        if outcome is YES:
            self.learn(account, session)
            self.accounts.append(account)

    def check(self, account: Account, session: str, machine: int) -> None:
        """Asks as nginx does for a guarded place."""
        answer = self._exchange(machine, fastcgi.check("user", session))
        outcome = {204: YES, 401: REFUSED}.get(answer.status, FAILED)
        # auth_request makes an error of any answer but these: closed. The program says 503.
        self.note(Kind.CHECK, account, session, machine, answer, outcome)

    def log_in(self, account: Account, machine: int) -> None:
        """Begins a session."""
        password = account.password
        body = {"username": account.name, "password": password}
        answer = self.ask(machine, "POST", "/login", body=body)
        if answer.status == 401:
            with account.turn:
                # Whoever has changed it had not yet said so when we asked.
                if account.password != password:
                    return
        outcome = {200: YES, 401: REFUSED}.get(answer.status, FAILED)
        session = self.ticket(answer) if outcome is YES else ""
        self.note(Kind.LOGIN, account, session, machine, answer, outcome)
        if session:
            self.learn(account, session)

    def password(self) -> str:
        """A new password."""
        self.secrets.append(f"walrus-{secrets.token_hex(8)}-plinth")
        return self.secrets[-1]

    def learn(self, account: Account, session: str) -> None:
        """Asks any machine for the public id of a session that has just begun."""
        machine = self.random.randrange(len(self.sockets))
        answer = self.ask(machine, "GET", "/me", session)
        outcome = {200: YES, 401: REFUSED}.get(answer.status, FAILED)
        self.note(Kind.CHECK, account, session, machine, answer, outcome)
        if outcome is YES:
            assert answer.response is not None
            account.live[session] = str(answer.response.json()["session"]["id"])
        else:
            account.gone.append(session)

    def ticket(self, answer: Answer) -> str:
        """The session cookie that an answer sets."""
        assert answer.response is not None
        cookie = (answer.response.session_cookie or "").split(";")[0]
        self.secrets.append(cookie.partition("=")[2])
        return cookie
