"""A site at work while something fails: its clients, its guarded page, its log and its metrics."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType

from .deployment import Deployment
from .events import EventLog
from .ledger import FAILING, Doorkeeper, Ledger, Visitor, verify
from .prometheus import Scrape
from .waiting import wait_until


class Watch:
    """What an operator is told from now on."""

    def __init__(self, site: Deployment) -> None:
        self._site = site
        self._log = EventLog(site.log)
        self._before = self._scrape()
        self.lines: list[dict[str, str]] = []

    def _scrape(self) -> Scrape:
        answer = self._site.send("GET", "/metrics")
        assert answer.status == 200, f"no metrics: {answer}"
        return Scrape(answer.text)

    def count(self, event: str) -> float:
        """By how much the counter of an event has grown."""
        return self._scrape().moved("coatcheck_events_total", self._before).get((event,), 0)

    def expect(self, event: str, **fields: str) -> None:
        """Waits until the log has a line of the event with these fields, and the metrics count it."""

        def is_logged() -> bool:
            self.lines += self._log.new()
            wanted = {"event": event} | fields
            return any(wanted.items() <= line.items() for line in self.lines)

        wait_until(is_logged, f"the event {event} {fields or ''} in the log", timeout=15)
        assert self.count(event) >= 1, f"{event} is logged and not counted"


class Load:
    """Sign-ups, logins, logouts and checks through nginx, from entry to leaving.

    On leaving, every answer that came meanwhile must have been one of those that a fault allows.
    """

    def __init__(self, site: Deployment, visitors: int = 4) -> None:
        self._site = site
        seeds = range(int.from_bytes(os.urandom(4)), 1 << 40)
        self._visitors = [Visitor(site, seed, FAILING) for seed, _ in zip(seeds, range(visitors))]
        person, gone = site.person(), site.person()
        ended = gone.client.ticket_cookie
        assert gone.client.request("POST", "/logout").status == 204
        self.doorkeeper = Doorkeeper(site, person.client.ticket_cookie, ended)
        self.ledger = Ledger(live={person.client.ticket_cookie}, ended={ended})

    def __enter__(self) -> Load:
        for thread in [*self._visitors, self.doorkeeper]:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for thread in [*self._visitors, self.doorkeeper]:
            thread.over.set()
        for thread in [*self._visitors, self.doorkeeper]:
            thread.join(60)
        for visitor in self._visitors:
            self.ledger.add(visitor.confirmed)
        if kind is None:
            failures = [visitor.failure for visitor in self._visitors if visitor.failure]
            assert not failures, f"an answer that no fault allows: {failures[0]}"
            self.doorkeeper.verify()

    @contextmanager
    def held(self) -> Iterator[None]:
        """No write is under way meanwhile."""
        with ExitStack() as stack:
            for visitor in self._visitors:
                stack.enter_context(visitor.turn)
            yield

    def _sum(self, refused: bool) -> int:
        ledgers = [visitor.confirmed for visitor in self._visitors]
        return sum(one.refused if refused else one.acknowledged for one in ledgers)

    def wait_for_work(self, more: int = 20) -> None:
        """Waits until `more` writes have been confirmed."""
        aim = self._sum(False) + more
        wait_until(lambda: self._sum(False) >= aim, f"{more} confirmed writes", timeout=30)

    def wait_for_refusals(self, more: int = 10) -> None:
        """Waits until `more` writes have been refused."""
        aim = self._sum(True) + more
        wait_until(lambda: self._sum(True) >= aim, f"{more} refused writes", timeout=60)

    def verify(self) -> None:
        """All that was confirmed holds, now and after kill -9; the figures go to the report."""
        verify(self._site, self.ledger)
        self._site.kill()
        self._site.start()
        verify(self._site, self.ledger)
        checks = self.doorkeeper.answers
        print(
            f"writes sent {self.ledger.answers.total()}, refused {self.ledger.refused},"
            f" acknowledged {self.ledger.acknowledged}, lost 0; guarded page asked for"
            f" {checks.total()} times, closed {self.doorkeeper.closed}"
        )


def assert_closed(site: Deployment, cookie: str) -> None:
    """The guarded page is an error, not the page and not the way to the login."""
    answer = site.send("GET", "/dashboard", headers={"Cookie": cookie, "Accept": "text/html"})
    assert answer.status == 500, str(answer)
    assert answer.header("Location") is None
