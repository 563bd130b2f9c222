"""Clients at the socket that change accounts and sessions, and remember what they were told."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from support import fastcgi
from support.deployment import Deployment
from support.names import new_source
from support.response import Response

from .model import Account, History, Key, State, key


class Gone(Exception):
    """The server went away before it answered."""


class NamedConnection(fastcgi.Connection):
    """A connection whose peer has a name, by which the recorder knows whom an answer is for."""

    def __init__(self, site: Deployment, name: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        # In the abstract namespace: of the site, since others may run beside it.
        self.socket.bind(f"\0{site.folder.name}/{name}")
        self.socket.connect(str(site.socket))


class Client:
    """One client with accounts of its own; it asks for one thing at a time."""

    def __init__(self, site: Deployment, name: str, admin: str = "") -> None:
        self.name = name
        self.history = History(name)
        # The cookies by the keys of their sessions, passwords by name and version.
        self.cookies: dict[Key, str] = {}
        self.passwords: dict[tuple[str, int], str] = {}
        self._site = site
        self._admin = admin
        self._ids: dict[str, str] = {}
        self._asked = 0

    @property
    def _state(self) -> State:
        return self.history.now

    def work(self, steps: int, chance: random.Random) -> None:
        """Takes steps until they are done or the server is gone."""
        try:
            for _ in range(steps):
                self.step(chance)
        except Gone:
            return

    def step(self, chance: random.Random) -> None:
        """Does something, to an account that may be new."""
        accounts = self._state.accounts
        name = chance.choice(sorted(accounts)) if accounts else ""
        if not name or chance.random() < 0.15:
            return self.sign_up(f"{self.name}-{len(self._ids)}")
        account = accounts[name]
        if account.disabled:
            return self._edit(name, {"disabled": False}, replace(account, disabled=False))
        if not account.live or chance.random() < 0.3:
            return self.log_in(name)
        mine = chance.choice(sorted(account.live))
        deeds: list[Callable[[str, Key], None]] = [
            *(self._log_out, self._log_out, self._change_password, self._renew, self._end_others),
            *(self._end_one, self._delete),
        ]
        if self._admin:
            groups = frozenset(chance.sample(["staff", "editors", "wiki"], chance.randrange(3)))
            deeds += [
                lambda n, _: self._edit(
                    n, {"groups": sorted(groups)}, replace(account, groups=groups)
                ),
                lambda n, _: self._disable(n, account),
                lambda n, _: self._do(
                    ("DELETE", f"/users/{self._ids[n]}"), lambda _: self._state.without(n)
                ),
            ]
        chance.choice(deeds)(name, mine)

    def _disable(self, name: str, account: Account) -> None:
        """The password stays, and the credentials count as new."""
        version = account.version + 1
        self.passwords[name, version] = self._password(name)
        after = replace(account, version=version, disabled=True, live=frozenset())
        self._edit(name, {"disabled": True}, after)

    def sign_up(self, name: str) -> None:
        """Makes an account, which logs in."""
        password = self._site.secrets.password()

        def after(answer: Response | None) -> State:
            self.passwords[name, 1] = password
            if answer is not None:
                self._ids[name] = answer.json()["id"]
            return self._state.having(name, Account(live=frozenset([self._ticket(answer)])))

        self._do(("POST", "/signup"), after, {"username": name, "password": password})

    def adopt(
        self, name: str, password: str, account: Account, step: str, *cookies: str
    ) -> None:
        """Takes over an account that was made by other means, and its sessions."""
        self.cookies |= {key(cookie): cookie for cookie in cookies}
        self.passwords[name, account.version] = password
        self.history.add(step, "made by other means", self._state.having(name, account))

    def log_in(self, name: str) -> None:
        """Begins a session."""
        account = self._state.accounts[name]
        self._do(
            ("POST", "/login"),
            lambda answer: self._state.having(
                name, replace(account, live=account.live | {self._ticket(answer)})
            ),
            {"username": name, "password": self._password(name)},
        )

    def cookie(self, name: str) -> str:
        """The cookie of a live session of an account."""
        return self.cookies[min(self._state.accounts[name].live, key=str)]

    def _log_out(self, name: str, mine: Key) -> None:
        self._end(("POST", "/logout"), name, frozenset([mine]), mine)

    def _end_others(self, name: str, mine: Key) -> None:
        self._end(("DELETE", "/sessions"), name, self._state.accounts[name].live - {mine}, mine)

    def _end_one(self, name: str, mine: Key) -> None:
        other = min(self._state.accounts[name].live, key=str)
        try:
            about = self._ask("GET", "/me", None, self.cookies[other], self._next())
        except (OSError, AssertionError) as failure:
            raise Gone from failure
        identifier = about.json()["session"]["id"]
        self._end(("DELETE", f"/sessions/{identifier}"), name, frozenset([other]), mine)

    def _end(self, what: tuple[str, str], name: str, ended: frozenset[Key], mine: Key) -> None:
        account = self._state.accounts[name]
        rest = replace(account, live=account.live - ended)
        self._do(what, lambda _: self._state.having(name, rest, ended), cookie=mine)

    def _delete(self, name: str, mine: Key) -> None:
        self._do(("DELETE", "/account"), lambda _: self._state.without(name), cookie=mine)

    def _renew(self, name: str, mine: Key) -> None:
        account = self._state.accounts[name]

        def after(answer: Response | None) -> State:
            live = account.live - {mine} | {self._ticket(answer)}
            return self._state.having(name, replace(account, live=live), frozenset([mine]))

        body = {"password": self._password(name)}
        self._do(("POST", "/reauthenticate"), after, body, mine)

    def _change_password(self, name: str, mine: Key) -> None:
        account, new = self._state.accounts[name], self._site.secrets.password()
        body = {"current": self._password(name), "new": new}

        def after(answer: Response | None) -> State:
            self.passwords[name, account.version + 1] = new
            changed = Account(
                account.version + 1, False, account.groups, frozenset([self._ticket(answer)])
            )
            return self._state.having(name, changed, account.live)

        self._do(("POST", "/password"), after, body, mine)

    def _edit(self, name: str, change: dict[str, Any], account: Account) -> None:
        ended = self._state.accounts[name].live - account.live
        self._do(
            ("PATCH", f"/users/{self._ids[name]}"),
            lambda _: self._state.having(name, account, ended),
            change,
        )

    def _password(self, name: str) -> str:
        return self.passwords[name, self._state.accounts[name].version]

    def _next(self) -> str:
        self._asked += 1
        return f"{self.name}.{self._asked}"

    def _ticket(self, answer: Response | None) -> Key:
        if answer is None:
            return None
        assert answer.session_cookie, f"no session in {answer}"
        cookie = answer.session_cookie.split(";")[0]
        self.cookies[key(cookie)] = cookie
        self._site.secrets.add(cookie.partition("=")[2])
        return key(cookie)

    def _do(
        self,
        what: tuple[str, str],
        after: Callable[[Response | None], State],
        body: Any = None,
        cookie: Key = None,
    ) -> None:
        """Asks for a change and notes it; without a cookie of its own the administrator asks."""
        name = self._next()
        try:
            given = self.cookies[cookie] if cookie else self._admin
            answer = self._ask(*what, body, given, name)
        except (OSError, AssertionError) as failure:
            self.history.add(name, " ".join(what), after(None))
            raise Gone from failure
        # Too many passwords at once: nothing was done.
        if answer.status == 503 and b"problem:busy" in answer.body:
            return
        assert answer.status in (200, 201, 204), f"{what}: {answer}"
        self.history.add(name, " ".join(what), after(answer))

    def _ask(self, method: str, path: str, body: Any, cookie: str, name: str) -> Response:
        content = json.dumps(body).encode() if body is not None else b""
        is_open = path in ("/signup", "/login")
        fields = {"HTTP_COOKIE": cookie} if cookie and not is_open else {}
        fields["REMOTE_ADDR"] = new_source()
        parameters = fastcgi.route(method, path, content, **fields)
        octets = fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.encode(parameters))
        with NamedConnection(self._site, name) as connection:
            connection.send(octets + fastcgi.stream(fastcgi.STDIN, content))
            return fastcgi.parse(connection.receive())
