"""People who use a site all the time while something is done to it, and what they noticed."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from .deployment import Person
from .machine_site import MachineSite
from .names import new_source
from .waiting import wait_until
from .wire import TLS

# Four are more than hash at a time (password.lanes) and fewer than may wait (password.queue).
LOGINS = 4
CHECKS = 8
VISITORS = LOGINS + CHECKS

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Visit:
    """One request: when (time.monotonic), and what was wrong with the answer."""

    began: float
    ended: float
    fault: str = ""


@dataclass
class Visitors:
    """What came of all requests, and the sessions that are known to be live or ended."""

    site: MachineSite
    visits: list[Visit] = field(default_factory=list)
    live: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def faults(self) -> list[str]:
        """What was wrong, of every failed request, and how long it took."""
        return [f"{v.fault} after {v.ended - v.began:.2f} s" for v in self.visits if v.fault]

    @property
    def longest(self) -> float:
        """The longest time in seconds that a request took."""
        return max(visit.ended - visit.began for visit in self.visits)

    def first_after(self, moment: float) -> float:
        """When the first request that began after `moment` was answered as it should."""

        def found() -> float:
            good = [v.ended for v in self.visits if v.began > moment and not v.fault]
            return min(good, default=0)

        return wait_until(found, "an answer", interval=0.01)

    def go_on(self, count: int = 200) -> None:
        """Waits until so many more requests were answered as they should."""
        since = len(self.visits)

        def served() -> bool:
            return sum(not visit.fault for visit in self.visits[since:]) >= count

        wait_until(served, "visitors to be served", timeout=60)

    def journal(self) -> str:
        """What was logged of late, for a failed test."""
        return self.site.machine.journal("-u", "coatcheck", "--lines=100", "--grep=^(?!.*authn_)")

    def lost(self) -> list[str]:
        """Logins and logouts that were acknowledged and are not so."""
        checks = [(ticket, 200) for ticket in self.live] + [(t, 401) for t in self.ended]

        def wrong(check: tuple[str, int]) -> str:
            cookie, expected = check
            status = self.site.send("GET", "/me", headers={"Cookie": cookie}).status
            return "" if status == expected else f"{status} instead of {expected}"

        with ThreadPoolExecutor(VISITORS) as pool:
            return [found for found in pool.map(wrong, checks) if found]

    def ask(
        self,
        connection: http.client.HTTPSConnection,
        expected: int,
        method: str,
        path: str,
        headers: dict[str, str],
        body: str | None = None,
    ) -> http.client.HTTPResponse | None:
        """One request; `None` when it failed."""
        began = time.monotonic()
        fault = answer = None
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != expected:
                fault = f"{method} {path}: {answer.status} instead of {expected}: {text[:300]!r}"
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            fault = f"{method} {path}: {error!r}"
        self.visits.append(Visit(began, time.monotonic(), fault or ""))
        return None if fault else answer

    def check(self, cookie: str, turns: int) -> None:
        """Asks for a guarded page again and again, `turns` times on each connection to nginx."""
        while not self.is_over.is_set():
            with closing(connect(self.site, new_source())) as connection:
                for _ in range(turns):
                    self.ask(connection, 200, "GET", "/wiki/", {"Cookie": cookie})
                    if self.is_over.is_set():
                        break

    def log_in_and_out(self, person: Person) -> None:
        """Logs in again and again, and logs out every second time."""
        body = json.dumps({"username": person.name, "password": person.password})
        stays = False
        while not self.is_over.is_set():
            # From another address each time, as nginx limits logins by address.
            with closing(connect(self.site, new_source())) as connection:
                answer = self.ask(connection, 200, "POST", "/api/login", JSON, body)
                if answer is None:
                    continue
                cookie = self._ticket(answer)
                stays = not stays
                if stays:
                    self.live.append(cookie)
                elif self.ask(connection, 204, "POST", "/api/logout", {"Cookie": cookie}):
                    self.ended.append(cookie)

    def _ticket(self, answer: http.client.HTTPResponse) -> str:
        cookies = [line.split(";")[0] for line in answer.headers.get_all("Set-Cookie") or []]
        cookie = next(cookie for cookie in cookies if cookie.startswith("__Host-session="))
        self.site.secrets.add(cookie.partition("=")[2])
        return cookie


def connect(site: MachineSite, source: str) -> http.client.HTTPSConnection:
    """A connection to nginx, which is opened by the first request, and again after a failed one."""
    return http.client.HTTPSConnection(
        "127.0.0.1", site.port, timeout=30, source_address=(source, 0), context=TLS
    )


@contextmanager
def visitors(site: MachineSite) -> Iterator[Visitors]:
    """Lets `VISITORS` people use the site until the end of the block."""
    people = [site.person() for _ in range(LOGINS)]
    cookie = people[0].client.ticket_cookie
    all_of_them = Visitors(site)
    logins = [lambda person=person: all_of_them.log_in_and_out(person) for person in people]
    # On connections of their own, and on connections that are kept for a hundred requests.
    turns = [1, 100] * (CHECKS // 2)
    checks = [lambda number=number: all_of_them.check(cookie, number) for number in turns]
    with ThreadPoolExecutor(VISITORS) as pool:
        running = [pool.submit(job) for job in logins + checks]
        try:
            all_of_them.go_on()
            yield all_of_them
        finally:
            all_of_them.is_over.set()
        for future in running:
            future.result(60)
