"""A program that is recorded while clients work, from its first start to its last stop."""

from __future__ import annotations

import copy
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from support.clock import let_pass
from support.command_line import CommandLine
from support.deployment import Deployment

from .clients import Client
from .disk import Disk
from .log import Record, Recorder
from .model import Account
from .sweep import Reading, Report, sweep
from .verdict import Acknowledgements, read

CLIENTS, STEPS = 6, 25
# Where images are laid out: thousands of small files, none of which is worth a disk.
MEMORY = Path("/dev/shm")
SETTINGS = {"password.memory": 1024, "password.queue": 15, "workers": 24}
# The log is copied into the database after 60 pages instead of 4000, so that it begins anew often.
CHECKPOINTS = "wal_autocheckpoint = 4000=>wal_autocheckpoint = 0060"


@dataclass
class Life:
    """What was recorded, what the disk held before, and what the clients were told."""

    start: Disk
    records: list[Record]
    clients: list[Client]
    seed: str

    @property
    def changes(self) -> int:
        """How many changes the clients made."""
        return sum(len(client.history.steps) - 1 for client in self.clients)

    def look(self, images: int, reading: Reading = read) -> Report:
        """Takes the power away at many places."""
        told = Acknowledgements(client.history for client in self.clients)
        chance, disk = Random(f"{self.seed} {images}"), copy.deepcopy(self.start)
        memory = MEMORY if MEMORY.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="coatcheck-power-", dir=memory) as folder:
            report = sweep(self.records, disk, told, Path(folder), chance, images, reading)
        print(
            f"{len(self.records)} events, {self.changes} changes, {report.images} images at"
            f" {report.places} places, {len(report.complaints)} complaints, seed {self.seed}"
        )
        return report


class Recorded(Deployment):
    """A site without nginx whose program is recorded from its first start on."""

    def __init__(self, scratch: Path, seed: str, **environment: str) -> None:
        super().__init__(SETTINGS, with_gateway=False)
        self.clients: list[Client] = []
        self._seed = seed
        self._recorder = Recorder(scratch, self.database.parent)
        self.environment = self._recorder.environment(
            **({"POWERLOSS_SQL": CHECKPOINTS} | environment)
        )

    def __enter__(self) -> Recorded:
        self._start = Disk(self.database.parent)
        super().__enter__()
        return self

    def add_client(self, name: str, admin: str = "") -> Client:
        """A client whose answers count."""
        self.clients.append(Client(self, name, admin))
        return self.clients[-1]

    def make_administrator(self) -> str:
        """An administrator made by a command beside the server; the cookie."""
        client, name, password = self.add_client("root"), "root-0", self.secrets.password()
        CommandLine(self).do("user", "add", name, "--group", "admin", given=f"{password}\n")
        self._recorder.mark("root.0")
        client.adopt(name, password, Account(groups=frozenset({"admin"})), "root.0")
        client.log_in(name)
        return client.cookie(name)

    def work(self, clients: str, admin: str, ends_by_kill: bool = False) -> None:
        """Lets clients work at the same time, until they have done their steps or it is killed."""
        new = [self.add_client(f"{clients}{number}", admin) for number in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            runs = [pool.submit(c.work, STEPS, Random(f"{self._seed} {c.name}")) for c in new]
            if ends_by_kill:
                let_pass(Random(self._seed).uniform(0.1, 0.4))
                self.kill()
        for run in runs:
            run.result()
        if ends_by_kill:
            for write in self._missed():
                self._recorder.append(write)

    def life(self) -> Life:
        """Stops the program and returns what was recorded, all of it."""
        assert self.process.stop() == 0, self.process.tail()
        assert not self._missed(), "the files are not what was recorded"
        return Life(self._start, self._recorder.records(), self.clients, self._seed)

    def _missed(self) -> list[Record]:
        disk = copy.deepcopy(self._start)
        for record in self._recorder.records():
            disk.follow(record)
        return disk.missed(self.database.parent)


def lived(scratch: Path, seed: str, **environment: str) -> Life:
    """First start, work, a polite restart, work, a kill in the midst of it, work, the end."""
    with Recorded(scratch, seed, **environment) as site:
        admin = site.make_administrator()
        site.work("a", admin)
        site.restart()
        site.work("b", admin, ends_by_kill=True)
        site.start()
        site.work("c", admin)
        return site.life()
