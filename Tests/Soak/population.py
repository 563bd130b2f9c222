"""The people of the soak, their sessions, and what must hold of each at a moment.

A session is asked for only while its person is held, so nothing else happens to it meanwhile and
every answer can be judged.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.names import new_source
from support.response import Response

# Seconds. Short, so that in an hour each session of the beginning has expired many times over.
ABSOLUTE, IDLE = 180, 60
REMEMBERED_ABSOLUTE, REMEMBERED_IDLE = 300, 120
# Limits end with whole seconds of the server's clock.
MARGIN = 2.0
# A last use that was written late ends a session early by a tenth of the idle limit at most, and
# uses are written every five seconds.
LAG = 5.0
# The share of sessions that are left alone until they are over.
LEFT_ALONE = 0.3
DEVICES = 2


@dataclass(eq=False)
class Session:
    """A ticket, and the moments between which the server's own lie."""

    cookie: str
    absolute: int
    idle: int
    # Before the request that began it was sent, and after it was answered; of the last use as well.
    born: tuple[float, float]
    used: tuple[float, float]
    is_left_alone: bool = field(default_factory=lambda: random.random() < LEFT_ALONE)

    def must_be_live(self, until: float) -> bool:
        """Whether a request that is answered by `until` must be let in."""
        return (
            until < self.born[0] + self.absolute - MARGIN
            and until < self.used[0] + self.idle * 0.9 - LAG - MARGIN
        )

    def must_be_over(self, since: float) -> bool:
        """Whether a request that is sent at `since` must be refused."""
        return (
            since > self.born[1] + self.absolute + MARGIN
            or since > self.used[1] + self.idle + MARGIN
        )


class Person:
    """An account as it must look to the server."""

    def __init__(self, name: str, password: str, identifier: str = "") -> None:
        self.name = name
        self.password = password
        self.identifier = identifier
        self.source = new_source()
        self.groups: list[str] = []
        self.sessions: list[Session] = []
        self.devices = [""] * DEVICES
        self.held = threading.Lock()

    def keep_device(self, slot: int, answer: Response) -> None:
        """Keeps the cookie by which a device is known again."""
        for line in answer.all("Set-Cookie"):
            cookie = line.split(";")[0]
            if cookie.startswith("__Host-device="):
                self.devices[slot] = cookie


class Population:
    """Everybody, and the cookies that open nothing any more."""

    def __init__(self) -> None:
        self._people: list[Person] = []
        self._lock = threading.Lock()
        self._over: deque[str] = deque(maxlen=4000)

    def __len__(self) -> int:
        return len(self._people)

    def add(self, person: Person) -> None:
        """Lets somebody be chosen from now on."""
        with self._lock:
            self._people.append(person)

    def remove(self, person: Person) -> None:
        """Somebody who has been deleted."""
        with self._lock:
            self._people.remove(person)
        self.end(person, person.sessions)

    @contextmanager
    def someone(self) -> Iterator[Person]:
        """Anybody whom no other thread holds; expired sessions of theirs are set aside."""
        while True:
            with self._lock:
                person = random.choice(self._people)
                is_mine = person.held.acquire(blocking=False)
            if is_mine:
                break
            time.sleep(0.001)
        try:
            now = time.time()
            self.end(person, [s for s in person.sessions if s.must_be_over(now)])
            yield person
        finally:
            person.held.release()

    def end(self, person: Person, sessions: list[Session]) -> None:
        """Sessions of somebody who is held that are over from now on."""
        over = list(sessions)
        person.sessions = [s for s in person.sessions if s not in over]
        with self._lock:
            self._over.extend(session.cookie for session in over)

    def over(self) -> str | None:
        """A cookie that must be refused, of the last minute or of long ago."""
        with self._lock:
            return random.choice(self._over) if self._over else None


def usable(person: Person) -> list[Session]:
    """The sessions of somebody that are in use and must be let in for some seconds more."""
    soon = time.time() + MARGIN
    return [s for s in person.sessions if not s.is_left_alone and s.must_be_live(soon)]
