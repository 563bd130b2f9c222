"""What people do, and what must be answered."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable

from population import (
    ABSOLUTE,
    DEVICES,
    IDLE,
    REMEMBERED_ABSOLUTE,
    REMEMBERED_IDLE,
    Person,
    Population,
    Session,
    usable,
)
from support.names import new_name, new_source
from support.response import Response
from traffic import Traffic


def new_password() -> str:
    """A password that the rules accept."""
    return f"walrus-{secrets.token_hex(8)}-plinth"


class Visits:
    """The acts of one thread."""

    def __init__(self, traffic: Traffic, population: Population) -> None:
        self.traffic = traffic
        self.ledger = traffic.ledger
        self.population = population

    def check(self) -> None:
        """A live session is let in, and the page names its person."""
        with self.population.someone() as person:
            if answer := self._ask_live(person, self.traffic.check, "/dashboard", 200):
                self.ledger.expect(person.name in answer.text, "the dashboard names another")

    def me(self) -> None:
        """The account is as it was left."""
        with self.population.someone() as person:
            if answer := self._ask_live(person, self.traffic.get, "/me", 200):
                told = answer.json()
                holds = (told["username"], told["groups"]) == (person.name, person.groups)
                self.ledger.expect(holds, f"/me tells {told['groups']}, not {person.groups}")

    def staff(self) -> None:
        """The page of a group lets its members in, and nobody else."""
        with self.population.someone() as person:
            wanted = 200 if "admin" in person.groups else 403
            self._ask_live(person, self.traffic.check, "/staff", wanted)

    def over(self) -> None:
        """An ended or expired session is refused."""
        if cookie := self.population.over():
            path = random.choice(["/dashboard", "/staff", "/me"])
            answer = self.traffic.check(path, cookie)
            self.ledger.expect(answer.status == 401, f"session that is over: {answer.status}")

    def stranger(self) -> None:
        """Cookies that nobody was given are refused."""
        ticket = secrets.token_urlsafe(32)
        cookie = random.choice(
            [f"__Host-session={ticket}", "", f"__Host-session={ticket[:40]}", f"session={ticket}"]
        )
        answer = self.traffic.check("/dashboard", cookie)
        self.ledger.expect(answer.status == 401, f"stranger: {answer.status}")

    def log_in(self) -> None:
        """The right password lets in."""
        with self.population.someone() as person:
            self.begin_session(person)

    def guess(self) -> None:
        """A wrong password never does, of an account or not, and is slowed down."""
        name = random.choice(["victim", new_name("nobody")])
        value = {"username": name, "password": new_password()}
        answer = self.traffic.send("POST", "/api/login", new_source(), value)
        self.ledger.expect(answer.status in (401, 429), f"wrong password: {answer.status}")

    def log_out(self) -> None:
        """A logout ends this session."""
        with self.population.someone() as person:
            if session := self.session_of(person):
                if self.change(person, session, "POST", "/logout"):
                    self.population.end(person, [session])

    def end_device(self) -> None:
        """A device ends another one, and only that."""
        with self.population.someone() as person:
            live = usable(person)
            if len(live) < 2:
                return
            mine, other = random.sample(live, 2)
            if told := self._use(other, 200, lambda: self.traffic.get("/me", other.cookie)):
                path = f"/sessions/{told.json()['session']['id']}"
                if self.change(person, mine, "DELETE", path):
                    self.population.end(person, [other])

    def end_others(self) -> None:
        """Ending all others leaves the one that asked."""
        with self.population.someone() as person:
            if session := self.session_of(person):
                if self.change(person, session, "DELETE", "/sessions"):
                    others = [s for s in person.sessions if s is not session]
                    self.population.end(person, others)

    def change_password(self) -> None:
        """A new password: a new ticket, and every other one is dead."""
        with self.population.someone() as person:
            if not (session := self.session_of(person)):
                return
            new, began = new_password(), time.time()
            value = {"current": person.password, "new": new}
            if answer := self.change(person, session, "POST", "/password", value):
                person.password = new
                self.population.end(person, person.sessions)
                # It goes on as long as it would have: only the ticket is another.
                self._keep(person, answer, began, (session.absolute, session.idle), session.born)

    def session_of(self, person: Person) -> Session | None:
        """A session in use; a login makes one where there is none."""
        live = usable(person)
        return random.choice(live) if live else self.begin_session(person)

    def begin_session(self, person: Person) -> Session | None:
        """A login, now and then one that is to be remembered."""
        is_remembered, slot = random.random() < 0.2, random.randrange(DEVICES)
        value = {"username": person.name, "password": person.password, "remember": is_remembered}
        began = time.time()
        answer = self.traffic.send(
            "POST", "/api/login", person.source, value, person.devices[slot]
        )
        if not self.ledger.expect(answer.status == 200, f"login: {answer.status}"):
            return None
        person.keep_device(slot, answer)
        limits = (REMEMBERED_ABSOLUTE, REMEMBERED_IDLE) if is_remembered else (ABSOLUTE, IDLE)
        session = self._keep(person, answer, began, limits)
        return None if session is None or session.is_left_alone else session

    def _keep(
        self,
        person: Person,
        answer: Response,
        began: float,
        limits: tuple[int, int],
        born: tuple[float, float] | None = None,
    ) -> Session | None:
        line = answer.session_cookie
        if not self.ledger.expect(line is not None, "no cookie where one was due") or not line:
            return None
        now = (began, time.time())
        # A session that goes on keeps its begin; how the server counts is not asked for here.
        first = (born[0], now[1]) if born else now
        session = Session(line.split(";")[0], *limits, born=first, used=now)
        person.sessions.append(session)
        return session

    def _ask_live(
        self, person: Person, ask: Callable[[str, str], Response], path: str, wanted: int
    ) -> Response | None:
        session = self.session_of(person)
        return self._use(session, wanted, lambda: ask(path, session.cookie)) if session else None

    def _use(
        self, session: Session, wanted: int, request: Callable[[], Response]
    ) -> Response | None:
        """The answer to a request of a live session; `None` when it is another than wanted."""
        began = time.time()
        answer = request()
        if answer.status == 401 and not session.must_be_live(time.time()):
            return None  # it took so long that the session may have expired meanwhile
        session.used = (began, time.time())
        holds = self.ledger.expect(
            answer.status == wanted, f"live session: {answer.status}, not {wanted}"
        )
        return answer if holds else None

    def change(
        self,
        person: Person,
        session: Session,
        method: str,
        path: str,
        value: object = None,
        wanted: int = 204,
    ) -> Response | None:
        """A request of a live session that changes something."""

        def send() -> Response:
            return self.traffic.send(method, path, person.source, value, session.cookie)

        return self._use(session, wanted, send)
