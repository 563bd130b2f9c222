"""Clients in processes of their own, which are at work from entry to leaving."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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


class Watch(threading.Thread):
    """Notes when its process is kept from running, which is not the doing of whom it asks."""

    # How long it sleeps at a time, and how much longer that must take to be a pause, in seconds.
    NAP = 0.005
    PAUSE = 0.05

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.pauses: list[tuple[float, float]] = []
        self._over = threading.Event()

    def run(self) -> None:
        before, is_over = time.monotonic(), False
        while not is_over:
            is_over = self._over.wait(self.NAP)
            now = time.monotonic()
            if now - before > self.PAUSE:
                self.pauses.append((before, now))
            before = now

    def end(self) -> None:
        """Notes nothing more."""
        self._over.set()
        self.join()

    def marked(self, operation: Operation) -> Operation:
        """An operation with the pauses in it."""
        paused = sum(
            max(0.0, min(end, operation.answered) - max(begin, operation.invoked))
            for begin, end in self.pauses
        )
        return replace(operation, paused=paused)


def work(sockets: Sequence[Path], seed: int, over: Event, home: Connection) -> None:
    """What a process does: works until `over`, then sends home what it has to say."""
    clients, parent, watch = Clients(sockets, seed), os.getppid(), Watch()
    watch.start()
    clients.settle()
    home.send("at work")
    # Nobody tells it when the tests were killed.
    clients.run(lambda: over.is_set() or os.getppid() != parent)
    watch.end()
    operations = [watch.marked(operation) for operation in clients.operations]
    home.send((operations, clients.surprises, clients.secrets))


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
