"""Clients in processes of their own, which are at work from entry to leaving."""

from __future__ import annotations

import multiprocessing
import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from .history_clients import Clients
from .operations import Kind, Operation, Outcome


@dataclass
class Record:
    """What the clients of all processes have to say."""

    operations: list[Operation] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def count(self, kind: Kind, outcome: Outcome = Outcome.YES) -> int:
        """How many operations of a kind had an outcome."""
        return sum(one.kind is kind and one.outcome is outcome for one in self.operations)


def work(sockets: Sequence[Path], seed: int, over: Event, home: Connection) -> None:
    """What a process does: works until `over`, then sends home what it has to say."""
    clients, parent = Clients(sockets, seed), os.getppid()
    clients.settle()
    home.send("at work")
    # Nobody tells it when the tests were killed.
    clients.run(lambda: over.is_set() or os.getppid() != parent)
    home.send((clients.operations, clients.surprises, clients.secrets))


def receive(near: Connection) -> Any:
    """What a process sends next."""
    assert near.poll(60), "the clients say nothing"
    return near.recv()


@contextmanager
def crowd(sockets: Sequence[Path], processes: int = 2) -> Iterator[Record]:
    """Lets clients work from entry to leaving, and fills the record then."""
    context = multiprocessing.get_context("spawn")
    over = context.Event()
    record = Record()
    started = []
    for _ in range(processes):
        near, far = context.Pipe(duplex=False)
        seed = random.getrandbits(40)
        process = context.Process(target=work, args=(sockets, seed, over, far), daemon=True)
        process.start()
        far.close()
        started.append((process, near))
    try:
        for _, near in started:
            assert receive(near) == "at work"
        yield record
    finally:
        over.set()
        for process, near in started:
            operations, surprises, secrets = receive(near)
            record.operations += operations
            record.surprises += surprises
            record.secrets += secrets
            process.join(30)
