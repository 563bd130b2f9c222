"""Machines whose engines fail, each reached through a network that fails as well."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum

from .crowd import Record, crowd
from .engines import engines
from .gateway import free_port
from .history import violations
from .machines import Machines
from .operations import Bounds, Fault, Kind, Outcome
from .parallel import given_ticket, log_in, status_of
from .proxy import Proxy
from .server import Server
from .waiting import wait_until

# How long a fault lasts, in seconds: longer than a call to an engine may take (2 s).
LASTING = 3.0


@dataclass(frozen=True)
class Target:
    """The engine that fails, and the network before it."""

    server: Server
    proxy: Proxy


class Way(Enum):
    """How an engine fails, and what is done to mend it."""

    STOPPED = "stopped"
    KILLED = "killed"
    FROZEN = "frozen"
    STALLED = "stalled"
    DROPPED = "dropped"

    def begin(self, target: Target) -> None:
        """Lets it happen."""
        actions: dict[Way, Callable[[], None]] = {
            Way.STOPPED: target.server.stop,
            Way.KILLED: target.server.kill,
            Way.FROZEN: target.server.freeze,
            Way.STALLED: target.proxy.stall,
            Way.DROPPED: target.proxy.drop,
        }
        actions[self]()

    def mend(self, target: Target) -> None:
        """Puts it right; returns when the engine can be reached."""
        actions: dict[Way, Callable[[], None]] = {
            Way.STOPPED: target.server.start,
            Way.KILLED: target.server.start,
            Way.FROZEN: target.server.resume,
            Way.STALLED: target.proxy.pass_on,
            Way.DROPPED: target.proxy.pass_on,
        }
        actions[self]()


class Scene:
    """Two machines at work on engines of their own."""

    def __init__(self, stack: ExitStack, settings: dict[str, object], secrets: list[str]) -> None:
        self.machines = Machines.start(stack, settings, secrets)
        self.person = self.machines[0].person()
        self.faults: list[Fault] = []
        self._record = Record()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Clients do everything meanwhile; what they saw is judged on leaving."""
        with crowd([site.socket for site in self.machines], processes=1) as self._record:
            yield
        record = self._record
        self.machines.confide(record.secrets)
        print(f"{len(record.operations)} operations, {self.failed} failed")
        assert not record.surprises, record.surprises[:5]
        broken = violations(record.operations, self.faults)
        assert not broken, f"{len(broken)} of {len(record.operations)}: {broken[:5]}"

    @property
    def failed(self) -> dict[str, int]:
        """How many operations of each kind failed."""
        counts = {kind.value: self._record.count(kind, Outcome.FAILED) for kind in Kind}
        return {kind: count for kind, count in counts.items() if count}

    def wait_until_closed(self) -> None:
        """Waits until no machine lets anybody in, which takes no longer than any request may."""
        cookie = self.person.client.ticket_cookie
        for site in self.machines:
            wait_until(
                lambda site=site: status_of(site, cookie) == 503,
                "the fault to be noticed",
                timeout=Bounds().patience + 0.5,
            )

    def recovery(self) -> float:
        """The seconds until every machine serves again, logins included."""
        start = time.monotonic()
        person = self.person
        for site in self.machines:
            wait_until(
                lambda site=site: site.send("GET", "/health/ready").status == 200,
                "the machine to be ready",
            )
            answer = log_in(site, person.name, person.password)
            assert answer.status == 200, str(answer)
            assert status_of(site, given_ticket(answer)) == 200
        took = time.monotonic() - start
        print(f"served again after {took:.2f} s")
        return took


@contextmanager
def scene(sessions: str, failing: str = "", **more: object) -> Iterator[tuple[Scene, Target]]:
    """Two machines with sessions in one engine, and a proxy before the engine that is to fail."""
    with ExitStack() as stack:
        postgresql, redis = stack.enter_context(engines(durable=True))
        ways = {
            name: stack.enter_context(Proxy(server.port, free_port()))
            for name, server in (("postgresql", postgresql), ("redis", redis))
        }
        database = postgresql.new_database()
        settings: dict[str, object] = {
            "storage.url": postgresql.url(database, port=ways["postgresql"].port)
        }
        if sessions == "redis":
            settings["sessions.url"] = redis.url(port=ways["redis"].port)
        failing = failing or sessions
        server: Server = redis if failing == "redis" else postgresql
        secrets = [postgresql.password, redis.password]
        yield Scene(stack, settings | more, secrets), Target(server, ways[failing])
