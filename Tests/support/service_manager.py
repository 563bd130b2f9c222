"""What the program tells the service manager that started it (sd_notify(3))."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from .deployment import Deployment


@contextmanager
def service_manager(deployment: Deployment, **environment: str) -> Iterator[socket.socket]:
    """Starts the program again with a channel on which it tells how it is doing."""
    assert deployment.process.stop() == 0
    place = deployment.folder / "notify.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(place))
        channel.settimeout(15)
        deployment.environment = {"NOTIFY_SOCKET": str(place), **environment}
        deployment.start()
        yield channel


def next_message(channel: socket.socket) -> list[str]:
    """The lines of the next message."""
    return channel.recv(4096).decode().splitlines()


def wait_for(channel: socket.socket, state: str) -> None:
    """Waits for the message with a line `state`."""
    while state not in next_message(channel):
        pass
