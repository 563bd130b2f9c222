"""Clients of several machines that do everything at once and write down what they were told.

They speak FastCGI straight to the sockets, as each machine's nginx does, and run in processes of
their own so that they do not wait for each other.
"""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import fastcgi
from .history import BEGINNINGS, Kind, Operation, Outcome
from .names import new_name, new_source
from .response import Response

ACCOUNTS = 3
# At most so many sessions of an account, far fewer than session.per-account.
SESSIONS = 10
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


class Clients:
    """What one process does until it is told to stop."""

    def __init__(self, sockets: Sequence[Path], seed: int) -> None:
        self._sockets = sockets
        self._random = random.Random(seed)
        self.accounts: list[Account] = []
        self.operations: list[Operation] = []
        # What no promise allows, which is not for the checker to judge.
        self.surprises: list[str] = []
        self.secrets: list[str] = []

    def run(self, is_over: Callable[[], bool]) -> None:
        """Works with two threads on each machine: one does, the other looks; then sums up."""
        while len(self.accounts) < ACCOUNTS and not is_over():
            self.sign_up(len(self.accounts) % len(self._sockets))

        def repeat(step: Callable[[int], None], machine: int) -> None:
            while not is_over():
                step(machine)

        threads = [
            threading.Thread(target=repeat, args=(step, machine))
            for machine in range(len(self._sockets))
            for step in (self.do, self.look)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.sum_up()

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
            response = fastcgi.request(self._sockets[machine], parameters, body)
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
        account = Account(new_name(), self._password())
        body = {"username": account.name, "password": account.password}
        answer = self.ask(machine, "POST", "/signup", body=body)
        outcome = YES if answer.status == 201 else FAILED
        session = self._ticket(answer) if outcome is YES else ""
        self.note(Kind.SIGN_UP, account, session, machine, answer, outcome)
        if outcome is YES:
            self._learn(account, session, machine)
            self.accounts.append(account)

    def do(self, machine: int) -> None:
        """One thing that changes something."""
        account = self._random.choice(self.accounts)
        chance = self._random.random()
        if account.is_lost:
            self.sign_up(machine)
            with account.turn:
                if len(self.accounts) > ACCOUNTS and account in self.accounts:
                    self.accounts.remove(account)
        elif len(account.live) < 3 or chance < 0.4 and len(account.live) < SESSIONS:
            self.log_in(account, machine)
        elif chance < 0.75:
            self.log_out(account, machine)
        elif chance < 0.9:
            self.end_one(account, machine)
        elif chance < 0.96:
            self.end_others(account, machine)
        else:
            self.change_password(account, machine)

    def look(self, machine: int) -> None:
        """A check of a session that is live, has ended or may have."""
        account = self._random.choice(self.accounts)
        sessions = list(account.gone if self._random.random() < 0.6 else account.live)
        if sessions:
            self.check(account, self._random.choice(sessions), machine)
        # Leaves some time to those who change something.
        time.sleep(0.001)

    def check(self, account: Account, session: str, machine: int) -> None:
        """Asks as nginx does for a guarded place."""
        answer = self._exchange(machine, fastcgi.check("user", session))
        outcome = {204: YES, 401: REFUSED}.get(answer.status, FAILED)
        # auth_request makes an error of any answer but these: closed. The program says 503.
        self.note(Kind.CHECK, account, session, machine, answer, outcome)

    def log_in(self, account: Account, machine: int) -> None:
        """Begins a session."""
        body = {"username": account.name, "password": account.password}
        answer = self.ask(machine, "POST", "/login", body=body)
        outcome = {200: YES, 401: REFUSED}.get(answer.status, FAILED)
        session = self._ticket(answer) if outcome is YES else ""
        self.note(Kind.LOGIN, account, session, machine, answer, outcome)
        if session:
            self._learn(account, session, machine)

    def log_out(self, account: Account, machine: int) -> None:
        """Ends a session with its own ticket."""
        session = self._random.choice(list(account.live) or [""])
        if account.live.pop(session, None) is None:
            return
        account.gone.append(session)
        answer = self.ask(machine, "POST", "/logout", session)
        outcome = YES if answer.status == 204 else FAILED
        self.note(Kind.END, account, session, machine, answer, outcome)

    def end_one(self, account: Account, machine: int) -> None:
        """Ends a session with the ticket of another."""
        known = list(account.live.items())
        if len(known) < 2:
            return
        (own, _), (other, identifier) = self._random.sample(known, 2)
        if account.live.pop(other, None) is None:
            return
        account.gone.append(other)
        answer = self.ask(machine, "DELETE", f"/sessions/{identifier}", own)
        # My own or the other one may have ended meanwhile, which a write finds before any check.
        if answer.status not in (401, 404):
            outcome = YES if answer.status == 204 else FAILED
            self.note(Kind.END, account, other, machine, answer, outcome)

    def end_others(self, account: Account, machine: int) -> None:
        """Ends every session but one, with its ticket."""
        known = list(account.live)
        own = self._random.choice(known or [""])
        answer = self.ask(machine, "DELETE", "/sessions", own)
        self._have_ended(Kind.END_OTHERS, account, known, own, own, machine, answer)

    def change_password(self, account: Account, machine: int) -> None:
        """Gives an account another password, which begins a session and ends all others."""
        with account.turn:
            known = list(account.live)
            own, new = self._random.choice(known or [""]), self._password()
            body = {"current": account.password, "new": new}
            answer = self.ask(machine, "POST", "/password", own, body)
            session = self._ticket(answer) if answer.status == 204 else ""
            self._have_ended(Kind.CHANGE, account, known, own, session, machine, answer)
            if session:
                account.password = new
                self._learn(account, session, machine)
            elif answer.status in (0, 503):
                account.is_lost = True

    def _have_ended(
        self,
        kind: Kind,
        account: Account,
        known: list[str],
        own: str,
        kept: str,
        machine: int,
        answer: Answer,
    ) -> None:
        if answer.status == 401:
            # My own has ended meanwhile.
            known = [own]
        else:
            outcome = YES if answer.status == 204 else FAILED
            replaces = own if kind is Kind.CHANGE and outcome is YES else ""
            self.note(kind, account, kept, machine, answer, outcome, replaces)
            if own == kept and own in known:
                known.remove(own)
        for session in known:
            if account.live.pop(session, None) is not None:
                account.gone.append(session)

    def sum_up(self) -> None:
        """Asks each machine for every session that there ever was, and for every account."""
        begun = [(one.person, one.session) for one in self.operations if one.kind in BEGINNINGS]
        for machine in range(len(self._sockets)):
            for name, session in begun:
                if session:
                    self.check(Account(name, ""), session, machine)
            for account in self.accounts:
                if not account.is_lost:
                    self.log_in(account, machine)

    def _password(self) -> str:
        self.secrets.append(f"walrus-{secrets.token_hex(8)}-plinth")
        return self.secrets[-1]

    def _learn(self, account: Account, session: str, machine: int) -> None:
        # Perhaps the other machine knows it, as it should.
        machine = self._random.randrange(len(self._sockets))
        answer = self.ask(machine, "GET", "/me", session)
        outcome = {200: YES, 401: REFUSED}.get(answer.status, FAILED)
        self.note(Kind.CHECK, account, session, machine, answer, outcome)
        if outcome is YES:
            assert answer.response is not None
            account.live[session] = str(answer.response.json()["session"]["id"])
        else:
            account.gone.append(session)

    def _ticket(self, answer: Answer) -> str:
        assert answer.response is not None
        cookie = (answer.response.session_cookie or "").split(";")[0]
        self.secrets.append(cookie.partition("=")[2])
        return cookie
