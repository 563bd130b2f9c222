"""Damaged requests sent to a server, and what none of them may bring about.

What nginx's `auth_request` takes for a yes is an answer of 200 to 299; a request whose
COATCHECK_MODE is damaged may be one to the home page, which redirects.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import fastcgi
from .deployment import Deployment, Person
from .fastcgi import Parameters, check, route
from .mutation import Mutator

FORGED = "__Host-session=" + "A" * 42 + "E"
LOGIN = b'{"username":"nobody","password":"plum gravel 47 lantern"}'


class HostilePeer:
    """Sends damaged requests, half of them with a live ticket, and judges every answer."""

    def __init__(self, target: Deployment, person: Person, seed: int) -> None:
        self.target = target
        self.person = person
        self.mutator = Mutator(seed)
        self.sent = 0
        self.answered = 0
        self.last = b""

    def _strangers(self) -> list[tuple[Parameters, bytes]]:
        """Requests that get nowhere, whole or damaged."""
        return [
            (check("user", FORGED), b""),
            (check("admin", "a=b"), b""),
            (route("GET", "/api/me", HTTP_COOKIE=FORGED), b""),
            (route("POST", "/api/login", LOGIN), LOGIN),
            (route("DELETE", "/api/account", b"{}", HTTP_COOKIE=FORGED), b"{}"),
        ]

    def strike(self) -> None:
        """Sends one damaged request of each kind."""
        for parameters, body in self._strangers():
            for answer in self._answers(parameters, body):
                assert answer.status >= 300, str(answer)
                assert answer.header("X-Auth-User") is None, str(answer)
        ticket = self.person.client.ticket_cookie
        for answer in self._answers(check("user", ticket), b""):
            allowed = answer.status == 204
            assert allowed or answer.status >= 300, str(answer)
            assert answer.header("X-Auth-User") == (self.person.name if allowed else None)
        for answer in self._answers(check("admin", ticket), b""):
            # A damaged name of the policy may be another one's, but not that of none.
            assert answer.status >= 300, str(answer)

    def _answers(self, parameters: Parameters, body: bytes) -> Iterator[fastcgi.Response]:
        self.last = octets = self.mutator.damaged(parameters, body)
        with fastcgi.Connection(self.target.socket) as connection:
            connection.send(octets)
            connection.finish_sending()
            outputs = connection.receive_all()
        self.sent += 1
        self.answered += len(outputs)
        for output in outputs:
            yield fastcgi.parse(output)
