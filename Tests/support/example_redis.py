"""Redis as the example of two machines (deploy/two-machines) has it, run on loopback."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from .certificates import Authority
from .example import PASSWORD, replaced, secret_file
from .gateway import free_port
from .program import clean_environment
from .server import Server, tool
from .waiting import wait_until


class ExampleRedis(Server):
    """Redis with the settings and the users of the example.

    Without an authority it speaks no TLS, as the settings say for sentinels. With a primary it is
    the other server, which follows that one.
    """

    def __init__(
        self, authority: Authority | None = None, primary: ExampleRedis | None = None
    ) -> None:
        super().__init__("example-redis")
        self.port = free_port()
        self._authority = authority
        self._primary = primary

    def __enter__(self) -> ExampleRedis:
        super().__enter__()
        return self

    def command(self) -> list[str | Path]:
        # A replica gets what there is at once, not after 5 s in which others may come.
        at_once = ["--repl-diskless-sync-delay", "0"]
        return [tool("redis-server"), self.folder / "redis.conf", *at_once]

    def is_ready(self) -> bool:
        return self.run("PING").stdout == "PONG\n"

    def prepare(self) -> None:
        text = secret_file("redis/redis.conf")
        users = self.folder / "users.acl"
        users.write_text(secret_file("redis/users.acl"))
        text = replaced(
            text,
            ("bind 10.0.0.31", "bind 127.0.0.1"),
            ("/etc/redis/users.acl", str(users)),
            ("dir /var/lib/redis", f"dir {self.folder}"),
            # More than there may be.
            ("maxmemory 4gb", "maxmemory 100mb"),
        )
        if self._authority is None:
            text = re.sub(r"^tls-(cert|key|ca-cert)-file .*\n", "", text, flags=re.MULTILINE)
            text = replaced(
                text,
                ("\nport 0\ntls-port 6379\n", f"\nport {self.port}\ntls-port 0\n"),
                ("\ntls-replication yes\n", "\ntls-replication no\n"),
            )
        else:
            certificate, key = self._authority.issue(self.folder / "redis1")
            text = replaced(
                text,
                ("tls-port 6379", f"tls-port {self.port}"),
                ("/etc/redis/redis1.internal.pem", str(certificate)),
                ("/etc/redis/redis1.internal.key", str(key)),
                ("/etc/redis/engines-ca.pem", str(self._authority.certificate)),
            )
        if self._primary is not None:
            line = ("#replicaof redis1.internal 6379", f"replicaof 127.0.0.1 {self._primary.port}")
            text = replaced(text, line)
        (self.folder / "redis.conf").write_text(text)

    def example_url(self) -> str:
        """The address of the example, for this place."""
        assert self._authority is not None
        return replaced(
            secret_file("machine/credentials/sessions.url").strip(),
            ("redis1.internal:6379", f"localhost:{self.port}"),
            ("/etc/coatcheck/engines-ca.pem", str(self._authority.certificate)),
        )

    def run(self, *words: str, user: str = "admin") -> subprocess.CompletedProcess[str]:
        """Gives a command as one of the users; it may be refused."""
        tls = ["--tls", "--cacert", self._authority.certificate] if self._authority else []
        return subprocess.run(
            [tool("redis-cli"), "-e", "-p", str(self.port), *tls, "--user", user, *words],
            **{"capture_output": True, "text": True, "timeout": 30},
            env=clean_environment(REDISCLI_AUTH=PASSWORD),
        )

    def wait_for_replica(self) -> None:
        """Waits until another follows this one and has all that it has."""

        def is_followed() -> bool:
            return "state=online" in self.do("INFO", "replication")

        wait_until(is_followed, "the replica", timeout=60)

    def do(self, *words: str, user: str = "admin") -> str:
        """Gives a command that must not be refused, and returns what is answered."""
        result = self.run(*words, user=user)
        assert result.returncode == 0, f"{user} {words[0]}: {result.stdout}{result.stderr}"
        return result.stdout.rstrip("\n")


class ExampleSentinel(Server):
    """A sentinel with the settings of the example, which decides alone, and soon."""

    def __init__(self, primary: ExampleRedis) -> None:
        super().__init__("example-sentinel")
        self.port = free_port()
        self._primary = primary

    def __enter__(self) -> ExampleSentinel:
        super().__enter__()
        return self

    def command(self) -> list[str | Path]:
        return [tool("redis-sentinel"), self.folder / "sentinel.conf"]

    def is_ready(self) -> bool:
        return self.master() is not None

    def prepare(self) -> None:
        text = replaced(
            secret_file("redis/sentinel.conf"),
            ("bind 10.0.0.41", "bind 127.0.0.1"),
            ("port 26379", f"port {self.port}"),
            ("dir /var/lib/redis", f"dir {self.folder}"),
            ("10.0.0.31 6379 2", f"127.0.0.1 {self._primary.port} 1"),
            ("down-after-milliseconds coatcheck 3000", "down-after-milliseconds coatcheck 500"),
            # A failover that came to nothing is tried again after twice as long.
            ("failover-timeout coatcheck 30000", "failover-timeout coatcheck 3000"),
        )
        (self.folder / "sentinel.conf").write_text(text)

    def run(self, *words: str, user: str) -> subprocess.CompletedProcess[str]:
        """Gives a command as one of the users."""
        return subprocess.run(
            [tool("redis-cli"), "-e", "-p", str(self.port), "--user", user, *words],
            **{"capture_output": True, "text": True, "timeout": 30},
            env=clean_environment(REDISCLI_AUTH=PASSWORD),
        )

    def master(self) -> int | None:
        """The port of the server that Coatcheck is told of."""
        words = ("SENTINEL", "get-master-addr-by-name", "coatcheck")
        lines = self.run(*words, user="coatcheck").stdout.split()
        return int(lines[1]) if len(lines) == 2 else None

    def knows(self, replicas: int) -> bool:
        """Whether it has found so many replicas."""
        words = ("SENTINEL", "replicas", "coatcheck")
        return self.run(*words, user="sentinel").stdout.count("role-reported\nslave") == replicas
