"""Several machines that share an engine: each with a program, an nginx, a socket and a cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from copy import copy
from dataclasses import dataclass
from typing import Any

from .curl import Curl
from .deployment import Deployment, Person
from .names import new_name
from .postgresql_server import PostgreSQL
from .redis_server import Redis
from .secrets_registry import SecretsRegistry

# Where the sessions may be.
ENGINES = ("postgresql", "redis")


@dataclass(frozen=True)
class Engines:
    """A PostgreSQL and a Redis."""

    postgresql: PostgreSQL
    redis: Redis

    def settings(self, engine: str) -> dict[str, object]:
        """Settings for machines that share a new database, and a new prefix in Redis."""
        settings: dict[str, object] = {
            "storage.url": self.postgresql.url(self.postgresql.new_database())
        }
        if engine == "redis":
            settings |= {
                "sessions.url": self.redis.url(),
                "sessions.prefix": new_name("test"),
            }
        return settings

    @property
    def secrets(self) -> list[str]:
        """The passwords of the engines, which must be in no log."""
        return [self.postgresql.password, self.redis.password]


class Machines:
    """Machines that act as one site."""

    def __init__(self, sites: list[Deployment]) -> None:
        self._sites = sites

    @classmethod
    def start(
        cls,
        stack: ExitStack,
        settings: dict[str, object],
        secrets: list[str],
        n: int = 2,
        **more: Any,
    ) -> Machines:
        """Starts machines with the same settings, which end with `stack`.

        No log of theirs may hold any of the secrets, or what one of them was told.
        """
        sites = [Deployment(settings, login_burst=10_000, **more) for _ in range(n)]
        registry = SecretsRegistry()
        for secret in secrets:
            registry.add(secret)
        for site in sites:
            site.secrets = registry
            stack.enter_context(site)
        return cls(sites)

    def __iter__(self) -> Iterator[Deployment]:
        return iter(self._sites)

    def __getitem__(self, index: int) -> Deployment:
        return self._sites[index]

    def __len__(self) -> int:
        return len(self._sites)

    def confide(self, secrets: list[str]) -> None:
        """Has some of these looked for where they must not be; all would take too long."""
        for secret in secrets[-500:]:
            self[0].secrets.add(secret)

    def elsewhere(self, client: Curl, index: int) -> Curl:
        """The same client with the same cookies, which a balancer sends to another machine."""
        same = copy(client)
        same.base = self[index].base + self[index].mount
        return same

    def log_in(self, person: Person, index: int, **more: bool) -> Curl:
        """A client on which somebody logs in at one of the machines."""
        client = self[index].client()
        answer = client.log_in(person.name, person.password, **more)
        assert answer.status == 200, f"could not log in: {answer}"
        return client


# What the fixture `machines` is: starts machines that end with the test.
Start = Callable[..., Machines]

# What the fixture `refusal` is: starts a program that must not start, and returns what it said.
Refusal = Callable[[Mapping[str, object]], str]
# A password of nobody, which is looked for in what is said.
WRONG = "wrong-password-0123456789"
