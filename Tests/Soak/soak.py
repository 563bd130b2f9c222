"""A soak: an hour of what people, administrators and the operator do, each answer judged.

One Coatcheck behind nginx, at a bounded rate: checks of live, ended, expired and invented tickets,
logins right and wrong, logouts, changes of passwords, devices that end each other, accounts made,
changed, shut and deleted, the command line, reloads of both, backups. Sessions last minutes, so
they expire all the time. Nothing is restarted.

The status is 0 when no answer was wrong, and when memory, descriptors, threads, the files, the rows
and the latency were flat over the second half (verdict.py says what that means). Less than ten
minutes say nothing about the latter. Written are soak.json and soak.svg.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests"), str(ROOT / "Tests/Benchmarks")]

import drawing
import past
from administration import Administration, Operator
from population import (
    ABSOLUTE,
    IDLE,
    REMEMBERED_ABSOLUTE,
    REMEMBERED_IDLE,
    Person,
    Population,
)
from samples import Sample, Sampler
from support.command_line import CommandLine
from support.deployment import Deployment
from support.names import new_name
from traffic import Ledger, Traffic
from verdict import HEADING, judge
from visits import Visits, new_password

PEOPLE, CLIENTS = 60, 8
# Below this the caches have hardly filled.
LEAST_MINUTES = 10
SETTINGS = {
    # What a real site has, and so what its hashes cost.
    "password.memory": 19_456,
    "password.passes": 2,
    "session.absolute": f"{ABSOLUTE}s",
    "session.idle": f"{IDLE}s",
    "session.remember-absolute": f"{REMEMBERED_ABSOLUTE}s",
    "session.remember-idle": f"{REMEMBERED_IDLE}s",
    "session.sweep": "10s",
    "throttle.longest": "15s",
    "throttle.forget": "1m",
    "audit.keep": f"{past.AUDIT_KEEP}s",
    "site.url": "https://localhost",
}


class Soak:
    """The threads of a soak."""

    def __init__(self, site: Deployment) -> None:
        self.site = site
        self.ledger = Ledger()
        self.population = Population()
        self._over = threading.Event()
        self._admin = Person("soak-admin", new_password())

    def people(self) -> None:
        """Makes the accounts, and the past."""
        command_line = CommandLine(self.site)
        for person in (self._admin, Person("victim", new_password())):
            command_line.do("user", "add", person.name, given=person.password + "\n")
        command_line.do("user", "groups", self._admin.name, "--add", "admin")
        self._admin.groups = ["admin"]
        for _ in range(PEOPLE):
            person = Person(new_name(), new_password())
            value = {"username": person.name, "password": person.password}
            answer = Traffic(self.site, self.ledger).send(
                "POST", "/api/signup", person.source, value
            )
            assert answer.status == 201, str(answer)
            person.identifier = answer.json()["id"]
            self.population.add(person)
        assert self.site.process.stop() == 0
        past.fill(self.site.database)
        self.site.start()

    def run(self, minutes: float, rate: float, interval: float) -> list[Sample]:
        """Lets everybody do what they do, and takes samples."""
        sampler, samples = Sampler(self.site, self.ledger), []
        threads = [
            threading.Thread(target=self._client, args=(rate / CLIENTS,)) for _ in range(CLIENTS)
        ]
        threads.append(threading.Thread(target=self._operator))
        for thread in threads:
            thread.start()
        end = time.monotonic() + minutes * 60
        try:
            while time.monotonic() < end:
                time.sleep(interval)
                samples.append(sample := sampler.take())
                if int(sample["minutes"]) != int((sample["minutes"] * 60 - interval) / 60):
                    self._report(sample)
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
        return samples

    def _report(self, sample: Sample) -> None:
        print(
            f"{sample['minutes']:4.0f} min  {sum(self.ledger.statuses.values()):>9,} answers  "
            f"{self.ledger.wrong} wrong  {sample['resident']:.1f} MiB  "
            f"{sample['sessions']:.0f} sessions  cpu {sample['cpu']:.1f} %  "
            f"p50 {sample.get('p50', 0):.2f} ms  p99 {sample.get('p99', 0):.2f} ms",
            flush=True,
        )

    def _client(self, rate: float) -> None:
        visits = Visits(Traffic(self.site, self.ledger), self.population)
        administration = Administration(visits, self._admin, PEOPLE)
        # How often of a thousand: a site whose people mostly read.
        acts: dict[Callable[[], None], float] = {
            visits.check: 790,
            visits.me: 80,
            visits.staff: 30,
            visits.over: 30,
            visits.stranger: 46,
            visits.log_in: 10,
            visits.log_out: 4,
            visits.guess: 3,
            visits.end_device: 1.5,
            visits.end_others: 0.5,
            visits.change_password: 1,
            administration.add: 0.4,
            administration.regroup: 1,
            administration.disable: 0.4,
            administration.end_sessions: 0.4,
        }
        due = time.monotonic()
        while not self._over.is_set():
            due = max(due + random.expovariate(rate), time.monotonic() - 1)
            if self._over.wait(max(0.0, due - time.monotonic())):
                break
            self._do(random.choices(list(acts), list(acts.values()))[0])

    def _operator(self) -> None:
        operator = Operator(Visits(Traffic(self.site, self.ledger), self.population), self.site)
        duties = {
            operator.look: 30,
            operator.regroup: 15,
            operator.end_sessions: 40,
            operator.reload: 60,
            operator.reload_nginx: 150,
            operator.back_up: 120,
        }
        due = {duty: time.monotonic() + seconds for duty, seconds in duties.items()}
        while not self._over.wait(0.5):
            for duty, moment in due.items():
                if time.monotonic() >= moment:
                    due[duty] = time.monotonic() + duties[duty]
                    self._do(duty)

    def _do(self, act: Callable[[], None]) -> None:
        self.ledger.did(act.__qualname__)
        try:
            act()
        except Exception as error:  # no answer at all is a wrong one, and the soak goes on
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.ledger.expect(
                False, f"{act.__qualname__}: {error!r} ({Path(place.filename).name}:{place.lineno})"
            )


def main() -> int:
    """Runs a soak; the status says whether all was well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=200, help="acts a second")
    parser.add_argument("--interval", type=float, default=10, help="seconds between samples")
    parser.add_argument("--folder", type=Path, default=ROOT / ".run", help="for what is written")
    options = parser.parse_args()

    with Deployment(SETTINGS) as site:
        soak = Soak(site)
        soak.people()
        samples = soak.run(options.minutes, options.rate, options.interval)
        ledger = soak.ledger
        judged = judge(samples)

    answers = sum(ledger.statuses.values())
    flat = all(judgement.is_flat for judgement in judged)
    title = f"Soak of {samples[-1]['minutes']:.0f} minutes, {answers:,} answers"
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "soak.svg").write_text(drawing.draw(samples, title))
    figures = {
        "answers": answers,
        "statuses": dict(sorted(ledger.statuses.items())),
        "acts": dict(ledger.acts.most_common()),
        "reconnected": ledger.reconnected,
        "wrong": ledger.wrong,
        "wrong answers": ledger.wrong_answers,
        "flat": flat,
        "judged": [asdict(judgement) for judgement in judged],
        "samples": samples,
    }
    (options.folder / "soak.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(HEADING, *judged, sep="\n")
    print(f"{answers:,} answers, {ledger.wrong} wrong", *ledger.wrong_answers, sep="\n")
    return int(ledger.wrong > 0 or (options.minutes >= LEAST_MINUTES and not flat))


if __name__ == "__main__":
    sys.exit(main())
