"""What administrators and the operator do meanwhile."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from population import Person, Population
from support.command_line import CommandLine
from support.deployment import Deployment
from support.names import new_name, new_source
from support.program import binary
from support.response import Response
from visits import Visits, new_password

# Until a change by the command line holds: a fifth of a second, by the contract, and some more.
SEEN = 0.4


class Administration:
    """An administrator who logs in again whenever the session is over."""

    def __init__(self, visits: Visits, admin: Person, size: int) -> None:
        self.visits = visits
        self.ledger = visits.ledger
        self.population = visits.population
        self.admin = admin
        self.size = size

    def add(self) -> None:
        """A new account, whose owner sets a password by the link."""
        if len(self.population) >= self.size:
            return self.delete()
        name, source, password = new_name(), new_source(), new_password()
        made = self._ask("POST", "/users", {"username": name}, 201)
        if made is None:
            return None
        token = parse_qs(urlsplit(made.json()["link"]["url"]).query)["token"][0]
        value = {"token": token, "password": password}
        answer = self.visits.traffic.send("POST", "/api/set-password", source, value)
        self.ledger.expect(answer.status == 204, f"link: {answer.status}")
        return self.population.add(Person(name, password, made.json()["id"]))

    def delete(self) -> None:
        """A deleted account opens nothing."""
        with self.population.someone() as person:
            if self._ask("DELETE", f"/users/{person.identifier}", None, 204):
                self.population.remove(person)

    def regroup(self) -> None:
        """Groups given and taken hold at the next request."""
        with self.population.someone() as person:
            groups = random.choice([[], ["admin"], ["staff"], ["admin", "staff"]])
            if self._ask("PATCH", f"/users/{person.identifier}", {"groups": groups}, 200):
                person.groups = groups

    def disable(self) -> None:
        """A shut account is out at once, and logs in again once it is open."""
        with self.population.someone() as person:
            where = f"/users/{person.identifier}"
            if self._ask("PATCH", where, {"disabled": True}, 200):
                for session in person.sessions:
                    answer = self.visits.traffic.check("/dashboard", session.cookie)
                    self.ledger.expect(answer.status == 401, f"disabled: {answer.status}")
                self.population.end(person, person.sessions)
                self._ask("PATCH", where, {"disabled": False}, 200)

    def end_sessions(self) -> None:
        """All sessions of one account."""
        with self.population.someone() as person:
            if self._ask("DELETE", f"/users/{person.identifier}/sessions", None, 204):
                self.population.end(person, person.sessions)

    def _ask(self, method: str, path: str, value: object, wanted: int) -> Response | None:
        with self.admin.held:
            now = time.time()
            self.population.end(self.admin, [s for s in self.admin.sessions if s.must_be_over(now)])
            session = self.visits.session_of(self.admin)
            while session is None:  # that one was to be left alone
                session = self.visits.session_of(self.admin)
            return self.visits.change(self.admin, session, method, path, value, wanted)


class Operator:
    """The command line, reloads and backups."""

    def __init__(self, visits: Visits, site: Deployment) -> None:
        self.ledger = visits.ledger
        self.population: Population = visits.population
        self.site = site
        self.command_line = CommandLine(site)
        told = subprocess.run([binary(), "--help"], capture_output=True, text=True, timeout=60)
        self._has_backup = "\n  backup " in told.stdout

    def look(self) -> None:
        """Commands that read."""
        with self.population.someone() as person:
            for command in (("session", "list"), ("user", "show", person.name), ("audit", "list")):
                self._run(*command)

    def regroup(self) -> None:
        """Groups changed beside the server hold within a fifth of a second."""
        with self.population.someone() as person:
            groups = [] if person.groups else ["admin"]
            if self._run("user", "groups", person.name, "--set", ",".join(groups)):
                person.groups = groups
                time.sleep(SEEN)

    def end_sessions(self) -> None:
        """Sessions ended beside the server are over within a fifth of a second."""
        with self.population.someone() as person:
            if self._run("session", "end", "--user", person.name):
                time.sleep(SEEN)
                self.population.end(person, person.sessions)

    def reload(self) -> None:
        """SIGHUP: the same settings again."""
        self.site.process.send_signal(signal.SIGHUP)

    def reload_nginx(self) -> None:
        """New workers of nginx; the old ones finish what they have."""
        assert self.site.gateway is not None
        self.site.gateway.reload()

    def back_up(self) -> None:
        """A copy of the running database, where the program can make one."""
        if self._has_backup:
            file = Path(self.site.folder / "soak-backup.db")
            self._run("backup", str(file))
            file.unlink(missing_ok=True)

    def _run(self, *arguments: str) -> bool:
        outcome = self.command_line.run(*arguments)
        return self.ledger.expect(outcome.status == 0, f"{arguments[:2]}: {outcome}")
