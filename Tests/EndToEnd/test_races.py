"""Sessions that end while many clients use them: an end that was acknowledged holds.

64 clients check, touch and log out the same sessions through nginx while others end them. It goes
on for some seconds; COATCHECK_RACE_SECONDS=60 makes it the minute of the long run.
"""

from __future__ import annotations

import http.client
import os
import random
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from support import wire
from support.command_line import CommandLine
from support.deployment import Deploy, Deployment, Person

SECONDS = float(os.environ.get("COATCHECK_RACE_SECONDS", "5"))
# For how many seconds more it goes on where too little has happened by then.
EXTRA = 60
CLIENTS = 64
ACCOUNTS = 8
# How many sessions are there to be used at a time, and how many of them are logged out.
LIVE = 12
LOGGED_OUT = 0.004
# The longest pause between two requests of a client, in seconds: without any, the clients take all
# the time of this process and hardly a session is ended.
PAUSE = 0.2
# The contract: an end by another process holds within a fifth of a second.
DELAY = 0.2


@dataclass(frozen=True)
class Held:
    """A session that clients use."""

    cookie: str
    identifier: str
    person: Person


@dataclass
class Record:
    """What was seen: when checks that succeeded were sent, and when ends were acknowledged."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    passed: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ended: dict[str, float] = field(default_factory=dict)
    by: Counter[str] = field(default_factory=Counter)
    checks: int = 0
    statuses: Counter[str] = field(default_factory=Counter)

    def note_end(self, cookie: str, how: str) -> None:
        """Notes an acknowledged end; the first one counts."""
        now = time.monotonic()
        with self.lock:
            self.ended.setdefault(cookie, now)
            self.by[how] += 1

    def late(self, delay: float) -> list[float]:
        """How long after their end checks that succeeded were sent, beyond what is allowed."""
        return sorted(
            sent - self.ended[cookie]
            for cookie, times in self.passed.items()
            if cookie in self.ended
            for sent in times
            if sent > self.ended[cookie] + delay
        )


class Race:
    """The clients, the sessions that they use, and the clock."""

    def __init__(self, site: Deployment, how: str) -> None:
        self.site, self.how = site, how
        self.record = Record()
        self.people = [site.person() for _ in range(ACCOUNTS)]
        self.held = [self.log_in() for _ in range(LIVE)]
        self.deadline = time.monotonic() + SECONDS

    @property
    def is_on(self) -> bool:
        """Whether there is time left, or too little has happened yet."""
        late = time.monotonic() - self.deadline
        return late < 0 or (late < EXTRA and not self.has_enough)

    @property
    def has_enough(self) -> bool:
        """Whether there were so many ends and checks that it was a race."""
        return self.record.by[self.how] >= SECONDS / 2 and self.record.checks > 50 * SECONDS

    def log_in(self) -> Held:
        """A new session of one of the accounts."""
        person = random.choice(self.people)
        client = self.site.client()
        assert client.log_in(person.name, person.password).status == 200
        identifier = client.get("/me").json()["session"]["id"]
        return Held(client.ticket_cookie, identifier, person)

    def replace(self, old: Held) -> None:
        """Puts a new session where an ended one was; clients go on with the old for a while."""
        new = self.log_in()
        with self.record.lock:
            self.held = [new if held is old else held for held in self.held]

    def use(self, seed: int) -> None:
        """One client: guarded pages, `/me`, and now and then a logout."""
        chance = random.Random(seed)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.site.port, timeout=30, context=wire.TLS
        )
        recent: list[Held] = []
        while self.is_on:
            held = chance.choice(self.held + recent)
            recent = ([held] + recent)[:8]
            path, method = chance.choice(["/dashboard", "/products", "/me"]), "GET"
            if chance.random() < LOGGED_OUT:
                path, method = "/logout", "POST"
            time.sleep(chance.uniform(0, PAUSE))
            sent = time.monotonic()
            connection.request(method, path, headers={"Cookie": held.cookie})
            answer = connection.getresponse()
            answer.read()
            if method == "POST" and answer.status == 204:
                self.record.note_end(held.cookie, "logout")
            with self.record.lock:
                self.record.statuses[f"{path} {answer.status}"] += 1
                if answer.status == 200:
                    self.record.passed[held.cookie].append(sent)
                    self.record.checks += 1
        connection.close()

    def run(self, end: object) -> None:
        """Lets everybody loose: the clients, and one who ends sessions by `end`."""
        assert callable(end)
        with ThreadPoolExecutor(CLIENTS + 1) as pool:
            jobs = [pool.submit(self.use, seed) for seed in range(CLIENTS)]
            while self.is_on:
                held = random.choice(self.held)
                end(held)
                self.replace(held)
            # Checks that come after all ends, of every session that ever was.
            for job in jobs:
                job.result()
        time.sleep(DELAY)
        for cookie in list(self.record.ended):
            answer = self.site.send("GET", "/me", headers={"Cookie": cookie})
            assert answer.status == 401, "an ended session came back"

    def judge(self, delay: float) -> None:
        """Nothing passed that should not, and the race was one."""
        record = self.record
        print(
            f"{record.checks} checks passed, "
            f"{len(record.ended)} sessions ended ({dict(record.by)}), "
            f"answers {dict(sorted(record.statuses.items()))}"
        )
        assert self.has_enough, "too few ends or checks for a race"
        assert record.late(-0.5), "no session was in use when it ended"
        unexpected = [s for s in record.statuses if s.split()[1] not in ("200", "401", "204")]
        assert not unexpected, record.statuses
        late = record.late(delay)
        assert not late, f"{len(late)} checks passed after the end, the last {late[-1]:.3f} s"


def test_no_check_passes_after_an_end_by_the_command_line(deploy: Deploy) -> None:
    """ASVS 7.4.1: from 0.2 s after `session end` was done, the session opens nothing."""
    site = deploy({"session.per-account": 1000})
    console, race = CommandLine(site), Race(site, "command")

    def end(held: Held) -> None:
        # A logout may have been faster; then the command says that there is no such session.
        outcome = console.run("session", "end", held.identifier)
        if outcome.status == 0:
            race.record.note_end(held.cookie, race.how)
        else:
            assert "no session" in outcome.error, outcome

    race.run(end)
    race.judge(DELAY)


def test_no_check_passes_that_was_sent_after_an_end_by_the_owner(deploy: Deploy) -> None:
    """ASVS 7.5.2 and 7.4.1: DELETE /sessions/{id} from another device holds at once."""
    site = deploy({"session.per-account": 1000})
    race = Race(site, "owner")

    def end(held: Held) -> None:
        headers = {"Cookie": held.person.client.ticket_cookie}
        status = site.send("DELETE", f"/sessions/{held.identifier}", headers=headers).status
        assert status in (204, 404), status
        if status == 204:
            race.record.note_end(held.cookie, race.how)

    race.run(end)
    race.judge(0)
